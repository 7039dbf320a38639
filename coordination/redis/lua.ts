/**
 * The scripts; each is carried out as one. `ARGV[1]` is the prefix. A session is a
 * key with a time to live; held keys are fields of one hash a kind, as
 * `session \n fence \n value`; what was written is `version \n value`.
 */

const HASH = `local P=ARGV[1]
local function H(k) return P..string.match(k,'^[^/]*/[^/]*') end
local function tell(k) redis.call('publish',P..'keys',k) end
local function lives(s) return redis.call('exists',P..'s:'..s)==1 end
`;

export const OPEN = HASH +
  `redis.call('set',P..'s:'..ARGV[2],ARGV[3],'px',ARGV[4]) return 1`;

export const RENEW = HASH +
  `if not lives(ARGV[2]) then return 0 end
redis.call('pexpire',P..'of:'..ARGV[2],ARGV[3])
return redis.call('pexpire',P..'s:'..ARGV[2],ARGV[3])`;

export const TAKE = HASH +
  `local id,out=ARGV[2],{}
if not lives(id) then return redis.error_reply('GONE the session is over') end
for i=5,#ARGV do
  local k=ARGV[i]
  local v=redis.call('hget',H(k),k)
  local s,f
  if v then
    s,f=string.match(v,'^([^\\n]*)\\n([^\\n]*)')
    if not lives(s) then v=false end
  end
  if v and s~=id then
    out[#out+1]=s
    out[#out+1]=-redis.call('pttl',P..'s:'..s)
  else
    if not v then
      f=string.format('%.0f',redis.call('incr',P..'fence'))
      redis.call('hset',H(k),k,id..'\\n'..f..'\\n'..ARGV[3])
      redis.call('sadd',P..'of:'..id,k)
      redis.call('pexpire',P..'of:'..id,ARGV[4])
      if string.sub(k,1,10)=='k/members/' then tell(k) end
    end
    out[#out+1]=''
    out[#out+1]=f
  end
end
return out`;

export const DROP = HASH +
  `for i=3,#ARGV,2 do
  local k=ARGV[i]
  local v=redis.call('hget',H(k),k)
  local own=ARGV[2]..'\\n'..ARGV[i+1]..'\\n'
  if v and string.sub(v,1,#own)==own then
    redis.call('hdel',H(k),k)
    redis.call('srem',P..'of:'..ARGV[2],k)
    tell(k)
  end
end
return 1`;

export const READ = HASH + `return redis.call('hget',H(ARGV[2]),ARGV[2])`;

export const WRITE = HASH +
  `local k=ARGV[2]
local v=redis.call('hget',H(k),k)
local version=v and string.match(v,'^([^\\n]*)') or '0'
if version~=ARGV[4] then return false end
version=string.format('%.0f',redis.call('incr',P..'fence'))
redis.call('hset',H(k),k,version..'\\n'..ARGV[3])
return version`;

export const LIST = HASH +
  `local out,prefix={},ARGV[2]
local all=redis.call('hgetall',H(prefix))
for i=1,#all,2 do
  local k,v=all[i],all[i+1]
  if string.sub(k,1,#prefix)==prefix then
    if string.sub(k,1,2)=='k/' and not lives(string.match(v,'^([^\\n]*)')) then
      redis.call('hdel',H(k),k)
    else
      out[#out+1]=k
      out[#out+1]=v
    end
  end
end
return out`;

export const CLOSE = HASH +
  `local id=ARGV[2]
redis.call('del',P..'s:'..id)
for _,k in ipairs(redis.call('smembers',P..'of:'..id)) do
  local v=redis.call('hget',H(k),k)
  if v and string.sub(v,1,#id+1)==id..'\\n' then
    redis.call('hdel',H(k),k)
    tell(k)
  end
end
return redis.call('del',P..'of:'..id)`;

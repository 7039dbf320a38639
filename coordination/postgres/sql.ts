/** The statements. Lists come as lines of one text, as clients differ in arrays. */

/** The statements of one prefix, and the channel. */
export type Statements = ReturnType<typeof statementsOf>;

/** What is made where it is not there; in one transaction, one client at a time. */
export function schemaOf(prefix: string): string {
  return `do $$ begin
    perform pg_advisory_xact_lock(hashtext('${prefix}_schema'));
    create sequence if not exists ${prefix}_fence;
    create table if not exists ${prefix}_sessions (
      id text collate "C" primary key,
      name text not null,
      expires timestamptz not null
    );
    create table if not exists ${prefix}_keys (
      key text collate "C" primary key,
      session text collate "C" not null
        references ${prefix}_sessions on delete cascade,
      value text not null,
      fence bigint not null
    );
    create index if not exists ${prefix}_keys_session
      on ${prefix}_keys (session);
    create table if not exists ${prefix}_values (
      key text collate "C" primary key,
      value text not null,
      version bigint not null
    );
  end $$`;
}

export function statementsOf(prefix: string) {
  const fence = `nextval('${prefix}_fence')`;
  const sessions = `${prefix}_sessions`;
  const keys = `${prefix}_keys`;
  const values = `${prefix}_values`;
  const channel = `${prefix}_keys`;
  const now = "clock_timestamp()";
  const after = (ms: string) =>
    `${now} + ${ms}::text::float8 * interval '1 ms'`;
  const listed = (at: string) => `string_to_array(${at}::text, E'\\n')`;
  const ms = (value: string) => `(extract(epoch from ${value}) * 1000)::text`;
  return {
    channel,
    exists: `select to_regclass('${values}')::text as found`,
    open: `insert into ${sessions} (id, name, expires)
      values (gen_random_uuid()::text, $1::text, ${after("$2")})
      returning id`,
    renew: `update ${sessions} set expires = ${after("$2")}
      where id = $1::text and expires > ${now} returning id`,
    // In the order of the keys, so that two who take many never wait in a ring.
    take: `with won as (
        insert into ${keys} (key, session, value, fence)
        select each, $2::text, $3::text, ${fence}
        from unnest(${listed("$1")}) as each
        where exists (
          select from ${sessions} where id = $2::text and expires > ${now}
        )
        order by each collate "C"
        on conflict (key) do nothing returning key, fence
      )
      select key, fence::text, case when key like 'k/members/%'
        then pg_notify('${channel}', key)::text end as told from won`,
    holders: `select k.key, k.session, k.fence::text,
      ${ms(`s.expires - ${now}`)} as left
      from ${keys} k join ${sessions} s on s.id = k.session
      where k.key = any (${listed("$1")})`,
    // Whether a session is over is decided here alone, under the lock of its row:
    // one that is being renewed is waited for, and looked at again.
    sweep: `with gone as (
        delete from ${sessions} where expires <= ${now} returning id
      )
      select pg_notify('${channel}', k.key)::text as told
      from ${keys} k join gone on gone.id = k.session`,
    drop: `with gone as (
        delete from ${keys} where session = $1::text and (key, fence) in (
          select * from unnest(${listed("$2")}, ${listed("$3")}::bigint[])
        ) returning key
      )
      select pg_notify('${channel}', key)::text as told from gone`,
    read: `select value, version::text from ${values} where key = $1::text`,
    insert: `insert into ${values} (key, value, version)
      values ($1::text, $2::text, ${fence})
      on conflict (key) do nothing returning version::text`,
    update: `update ${values} set value = $2::text, version = ${fence}
      where key = $1::text and version = $3::text::bigint
      returning version::text`,
    list: `select k.key, k.value, k.session, k.fence::text
      from ${keys} k join ${sessions} s on s.id = k.session
      where starts_with(k.key, $1::text) and s.expires > ${now}
      union all
      select key, value, '', version::text
      from ${values} where starts_with(key, $1::text)`,
    time: `select ${ms(now)} as time`,
    close: `with gone as (
        delete from ${sessions} where id = $1::text returning id
      )
      select pg_notify('${channel}', k.key)::text as told
      from ${keys} k join gone on gone.id = k.session`,
  };
}

/** Who is first for a key: the same answer on every node, without a word. */

/** A number that is as good as random for the two texts. */
function weight(node: string, key: string): number {
  let hash = 0x811c9dc5;
  const text = `${node}\n${key}`;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // FNV's last bytes mix badly; this is the end of murmur3.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** How many nodes come before this one for a key: 0 for the owner. */
export function rankOf(
  node: string,
  nodes: readonly string[],
  key: string,
): number {
  const own = weight(node, key);
  let rank = 0;
  for (const each of nodes) {
    if (each === node) continue;
    const other = weight(each, key);
    if (other > own || other === own && each > node) rank++;
  }
  return rank;
}

/** The node that comes before all others for a key. */
export function firstOf(
  nodes: readonly string[],
  key: string,
): string | undefined {
  let first: string | undefined;
  let most = -1;
  for (const each of nodes) {
    const own = weight(each, key);
    if (own > most || own === most && each > first!) {
      [first, most] = [each, own];
    }
  }
  return first;
}

/** Texts as base64 of their UTF-8, which is how some engines take any byte. */

export function encode(text: string): string {
  let bytes = "";
  for (const each of new TextEncoder().encode(text)) {
    bytes += String.fromCharCode(each);
  }
  return btoa(bytes);
}

export function decode(base64: string | null | undefined): string {
  const bytes = atob(base64 ?? "");
  return new TextDecoder().decode(
    Uint8Array.from(bytes, (each) => each.charCodeAt(0)),
  );
}

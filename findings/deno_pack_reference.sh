#!/usr/bin/env bash
# Does `deno pack` keep what a module says that its types need?
#
# A module of which the types name AsyncDisposable says so, for compilers whose
# `lib` has none: /// <reference lib="esnext.disposable" />. The source passes
# `deno check`, and TypeScript keeps such a line in the declarations it writes.
#
# Best guess before looking: the declarations in the package keep the line, so that
# the package compiles with lib es2022 and dom.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
mkdir tools library user
(cd tools && npm init -y >/dev/null &&
  npm install --no-audit --no-fund --ignore-scripts --loglevel=error \
    deno@2.9.5 typescript@5.9.3 >/dev/null) || exit 2
deno=$(find tools/node_modules/@deno -name deno -type f | head -n 1)
deno=$folder/$deno

cat >library/deno.json <<'X'
{ "name": "@example/library", "version": "1.0.0", "exports": "./mod.ts" }
X
cat >library/mod.ts <<'X'
/// <reference lib="esnext.disposable" />
/** Something that is closed at the end. */
export interface Closable extends AsyncDisposable {
  /** What it is called. */
  readonly name: string;
}
X
cat >user/use.ts <<'X'
import type { Closable } from "@example/library";
export const nameOf = (it: Closable): string => it.name;
X
cat >user/tsconfig.json <<'X'
{ "compilerOptions": { "lib": ["es2022", "dom"], "module": "nodenext",
  "noEmit": true, "strict": true, "target": "es2022", "types": [] } }
X
echo '{ "type": "module" }' >user/package.json

"$deno" --version | head -n 1
(cd library && "$deno" check mod.ts && "$deno" pack --allow-dirty -o ../p.tgz) \
  >pack.log 2>&1 || { cat pack.log; exit 2; }
mkdir -p user/node_modules/@example/library
tar -xzf p.tgz -C user/node_modules/@example/library --strip-components=1
declarations=user/node_modules/@example/library/mod.d.ts
echo "The first line of the declarations: $(head -n 1 "$declarations")"
(cd user && node ../tools/node_modules/typescript/bin/tsc -p .) && status=0 ||
  status=$?
echo "tsc with lib es2022 and dom ends with $status"

# Seen: the line is gone, and tsc says that it cannot find AsyncDisposable.
if ! grep -q "reference lib" "$declarations" && [ "$status" -ne 0 ]; then
  echo "As found: the line is dropped, and the package does not compile there."
  exit 0
fi
echo "It has changed: the declarations can be left as they are."
exit 1

// Packages of other releases of Debian, from the machine's own mirror, unpacked
// into a folder; nothing of the system changes.

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const sources = "/etc/apt/sources.list.d";

/** The first mirror that this machine goes to itself. */
function mirror() {
  const files = ["/etc/apt/sources.list"].concat(
    existsSync(sources)
      ? readdirSync(sources).filter((name) => /\.(list|sources)$/.test(name))
        .map((name) => join(sources, name))
      : [],
  );
  for (const file of files) {
    if (!existsSync(file)) continue;
    const found =
      /^(?:URIs:|deb)\s+(?:\[.*\]\s+)?(https?:\/\/\S+\/debian)\/?(?:\s|$)/m
        .exec(readFileSync(file, "utf8"));
    if (found) return found[1];
  }
  return undefined;
}

const cache = process.env.GOLIB_RUNNER_CACHE ??
  join(homedir(), ".cache", "golib-runner");

/**
 * The folder in which a package of a release is unpacked; undefined where that is
 * not to be had.
 */
export function unpacked(release, name) {
  const folder = join(cache, `${release}-${name}`);
  if (existsSync(join(folder, "done"))) return folder;
  const uri = mirror();
  if (!uri || spawnSync("apt-get", ["--version"]).status !== 0) {
    return undefined;
  }
  const state = join(folder, "apt");
  for (const each of ["lists/partial", "cache/archives/partial", "etc"]) {
    mkdirSync(join(state, each), { recursive: true });
  }
  const keys = "/usr/share/keyrings";
  const rings = existsSync(keys)
    ? readdirSync(keys).filter((each) =>
      /^debian-archive-.*\.(gpg|pgp)$/.test(each)
    )
    : [];
  writeFileSync(join(state, "etc/status"), "");
  const signed = rings.map((each) => join(keys, each)).join(",");
  writeFileSync(
    join(state, "etc/sources.list"),
    `deb [signed-by=${signed}] ${uri} ${release} main\n`,
  );
  const config = {
    "Dir::State": state,
    "Dir::State::lists": join(state, "lists"),
    "Dir::State::status": join(state, "etc/status"),
    "Dir::Cache": join(state, "cache"),
    "Dir::Etc::sourcelist": join(state, "etc/sources.list"),
    "Dir::Etc::sourceparts": "-",
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::Check-Valid-Until": "false",
  };
  const file = join(state, "etc/apt.conf");
  writeFileSync(
    file,
    Object.entries(config).map(([key, value]) => `${key} "${value}";\n`).join(
      "",
    ),
  );
  const run = (binary, ...values) =>
    spawnSync(binary, values, {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, APT_CONFIG: file },
      timeout: 120_000,
    });
  // The rings of this release may not know the keys of a newer one.
  let update = run("apt-get", "-q", "update");
  let get = run("apt-get", "-q", "download", name);
  if (get.status !== 0) {
    update = run(
      "apt-get",
      ...["-q", "-o", "Acquire::AllowInsecureRepositories=true", "update"],
    );
    get = run("apt-get", "-q", "--allow-unauthenticated", "download", name);
  }
  const deb = readdirSync(folder).find((each) => each.endsWith(".deb"));
  if (get.status !== 0 || !deb) {
    console.log(
      `${release}'s ${name}: ${(get.stderr || update.stderr).slice(-300)}`,
    );
    return undefined;
  }
  if (run("dpkg", "-x", deb, "root").status !== 0) return undefined;
  writeFileSync(join(folder, "done"), deb);
  return folder;
}

/** A binary of such a package. */
export function binaryOf(release, name, path) {
  const folder = unpacked(release, name);
  const binary = folder && join(folder, "root", path);
  return binary && existsSync(binary) ? binary : undefined;
}

// What comlink exposes, on Node.

import { parentPort } from "node:worker_threads";
import { expose } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";

expose({ echo: (value) => value }, nodeEndpoint(parentPort));

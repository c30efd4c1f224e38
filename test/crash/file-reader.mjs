// A worker that reads files again and again, about every millisecond, and tells each text that it finds for the first time in a row.
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

const PAUSE_MS = 1;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const told = new Map();

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return error.code === 'ENOENT' ? null : `unreadable: ${error.code}`;
  }
}

for (;;) {
  for (const path of workerData.paths) {
    const text = textOf(path);
    if (told.has(path) && told.get(path) === text) continue;
    told.set(path, text);
    parentPort.postMessage({ path, text });
  }
  Atomics.wait(sleeper, 0, 0, PAUSE_MS);
}

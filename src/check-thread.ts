// The program of a night's second thread: see src/rule/beside.ts.
import { parentPort } from "node:worker_threads";
import { type Asked, type Told, WalkBeside } from "#rule";
import { rules } from "#rules";

const tell = (told: Told): void => parentPort!.postMessage(told, []);
const beside = new WalkBeside(rules);
parentPort!.on("message", (asked: Asked) => tell({ answer: beside.answer(asked, (findings) => tell({ findings })) }));

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Answer, Ask, Asked, Tell, Told } from "#rule";

/** Below so many visits a thread takes longer to begin than it saves. */
const VISITS_MIN = 200_000;

interface Waiting {
  tell: Tell;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/** A thread that walks a night's slices for a part of the rules; it answers in the order in which it is asked. */
export class SecondThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  /** Why nothing is answered any more. */
  #ended: { error: unknown } | null = null;

  /** One for so many visits, where that pays off; `program` is what it runs. */
  static for(visits: number, program: URL | undefined): SecondThread | null {
    return program === undefined || visits < VISITS_MIN || availableParallelism() < 2
      ? null
      : new SecondThread(program);
  }

  constructor(program: URL) {
    this.#worker = new Worker(program);
    this.#worker.on("message", (told: Told) => {
      if ("findings" in told) this.#waiting[0]?.tell(told.findings);
      else this.#waiting.shift()?.resolve(told.answer);
    });
    const fail = (error: unknown): void => {
      this.#ended ??= { error };
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    };
    this.#worker.on("error", fail);
    this.#worker.on("exit", () => fail(new Error("The second thread has ended.")));
  }

  readonly ask: Ask = (asked: Asked, tell: Tell) =>
    new Promise((resolve, reject) => {
      if (this.#ended !== null) return reject(this.#ended.error);
      this.#waiting.push({ tell, resolve, reject });
      this.#worker.postMessage(asked, []);
    });

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

import { pino, type DestinationStream, type Logger } from "pino";
import { loggable } from "#errors";

export type Log = Logger;

/**
 * One JSON line per event on standard error. Errors pass through `loggable`; anything under a key that could hold a
 * person's data or a secret is removed, also where somebody passes a whole object.
 */
export function openLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: loggable, error: loggable },
    redact: {
      paths: [
        "key",
        "token",
        "password",
        "secret",
        "settings",
        "url",
        "query",
        "personalIdentityNumber",
        "record",
      ].flatMap((key) => [key, `*.${key}`]),
      remove: true,
    },
  };
  return destination === undefined
    ? pino(options, pino.destination({ dest: 2, sync: true }))
    : pino(options, destination);
}

import { Buffer } from "node:buffer";
import { Socket } from "node:net";

/** A read is given at least so much room. */
const READ = 1 << 17;

/**
 * What comes over a connection, in memory that is used again. Otherwise every read makes a buffer, and what a night reads
 * makes thousands: the collector goes through everything that the night holds for each 64 MB of them.
 */
export class Inbox {
  bytes: Buffer = Buffer.allocUnsafeSlow(READ);
  /** What has come and has not been used. */
  from = 0;
  until = 0;
  /** How long the message is that begins at `from`, where that is known. */
  need = 0;
  /** Uses what has come; null: the driver does. */
  take: (() => void) | null = null;

  /** Where the next bytes go. */
  room(least = READ): Buffer {
    const kept = this.until - this.from;
    const wanted = Math.max(this.need, kept + least);
    if (this.bytes.length - this.from < wanted) {
      const from = this.bytes;
      if (from.length < wanted) this.bytes = Buffer.allocUnsafeSlow(wanted * 2);
      from.copy(this.bytes, 0, this.from, this.until);
      [this.from, this.until] = [0, kept];
    }
    return this.bytes.subarray(this.until);
  }

  /** A copy of what has come: whoever gets it may keep it. */
  rest(): Buffer {
    const rest = Buffer.from(this.bytes.subarray(this.from, this.until));
    [this.from, this.until, this.need] = [0, 0, 0];
    return rest;
  }
}

const inboxes = new WeakMap<object, Inbox>();

/** The inbox that a socket of `databaseSocket` reads into; of another socket, as one with TLS, none. */
export function inboxOf(socket: object): Inbox | undefined {
  return inboxes.get(socket);
}

/** Gives nothing to `read()`, which pg-copy-streams calls for COPY … TO: what the database copies out is for `copyOut`. */
export function databaseSocket(): Socket {
  const inbox = new Inbox();
  const socket: Socket = new Socket({
    onread: {
      buffer: () => inbox.room(),
      callback: (count) => {
        inbox.until += count;
        if (inbox.take === null) socket.emit("data", inbox.rest());
        else inbox.take();
        return true;
      },
    },
  });
  inboxes.set(socket, inbox);
  return socket;
}

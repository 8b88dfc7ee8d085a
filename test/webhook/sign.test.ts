import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { keyKinds, makeKey, signedHeaders, signerOf } from "#webhook";
import { isGenuine } from "./receiver.ts";

// Of the reference libraries (github.com/standard-webhooks/standard-webhooks, libraries/go, read 2026-11-22).
const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const at = 1_614_265_330_000;
const body = '{"test": 2432232314}';
const published = [
  {
    kind: "hmac",
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  },
  {
    kind: "ed25519",
    secret: "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
    signature: "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
  },
] as const;

describe("signatures", () => {
  test.each(published)("are those of the specification's published vectors ($kind)", ({ kind, secret, signature }) => {
    expect(signerOf({ kind, secret })(id, at, body)).toBe(signature);
    expect(signedHeaders([signerOf({ kind, secret })], id, at, body)).toEqual({
      "webhook-id": id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": signature,
    });
  });

  test.each(keyKinds)("of a new key (%s) are genuine for its receiver alone, byte for byte", (kind) => {
    const [mine, other] = [makeKey(kind), makeKey(kind)];
    const text = 'å "\u0000" 𝄞\r\n ';
    const headers = signedHeaders([signerOf(mine)], "evt_1", at, text);
    const shown = mine.publicKey ?? mine.secret;
    expect(isGenuine(shown, headers, text, at)).toBe(true);
    expect(isGenuine(other.publicKey ?? other.secret, headers, text, at)).toBe(false);
    expect(isGenuine(shown, headers, text.trim(), at)).toBe(false);
    expect(isGenuine(shown, { ...headers, "webhook-id": "evt_2" }, text, at)).toBe(false);
    expect(isGenuine(shown, headers, text, at + 301_000)).toBe(false);
    // What the receiver is given of Ed25519 does not sign.
    expect(shown === mine.secret).toBe(kind === "hmac");
  });

  test("of several keys stand beside each other, and each is enough; the public client agrees", () => {
    const keys = [makeKey("hmac"), makeKey("ed25519"), makeKey("hmac")];
    const now = Date.now();
    const headers = signedHeaders(keys.map(signerOf), "evt_1", now, body);
    for (const { publicKey, secret } of keys) expect(isGenuine(publicKey ?? secret, headers, body)).toBe(true);
    expect(new Webhook(keys[2]!.secret).verify(body, headers)).toEqual({ test: 2_432_232_314 });
    expect(() => new Webhook(makeKey("hmac").secret).verify(body, headers)).toThrow(/No matching signature/);
  });
});

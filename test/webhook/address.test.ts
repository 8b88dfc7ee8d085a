import { describe, expect, test } from "vitest";
import { networks, openPoster, reachable } from "#webhook";
import { startReceiver, webhooks } from "./receiver.ts";

const nothing = networks([]);

/** Hosts of URLs that lead to this machine, to a network that is not public, or to nobody, however they are written. */
const hosts = [
  // Loopback and "this host".
  "127.0.0.1",
  "127.0.0.1.",
  "127.1",
  "127.0.1",
  "127.255.255.254",
  "2130706433",
  "017700000001",
  "0177.0.0.1",
  "0177.0.0.0x1",
  "0x7f.0.0.1",
  "0x7f000001",
  "0x7F.1",
  "00000177.1",
  "%31%32%37.0.0.1",
  "１２７.０.０.１",
  "127。0。0。1",
  "①②⑦.⓪.⓪.①",
  "0",
  "0.0.0.0",
  "0x0",
  "[::1]",
  "[::]",
  "[0:0:0:0:0:0:0:1]",
  "[0000:0000:0000:0000:0000:0000:0000:0001]",
  // IPv4 in IPv6: mapped, compatible, NAT64, 6to4, Teredo.
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[0:0:0:0:0:ffff:7f00:0001]",
  "[::FFFF:10.0.0.1]",
  "[::127.0.0.1]",
  "[::ffff:0:127.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[64:ff9b::a9fe:a9fe]",
  "[64:ff9b:1::1]",
  "[2002:7f00:1::]",
  "[2002:a9fe:a9fe::1]",
  "[2001:0:53aa:64c:0:fbff:80ff:fffe]",
  // Networks of one's own.
  "10.0.0.1",
  "10.255.255.255",
  "0xa.0.0.1",
  "012.0.0.1",
  "167772161",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "192.168.65535",
  "3232235521",
  "100.64.0.1",
  "100.127.255.254",
  "[fc00::1]",
  "[fd12:3456:789a::1]",
  "[fec0::1]",
  // The link, and what platforms tell their machines.
  "169.254.169.254",
  "169.254.1",
  "0xa9fea9fe",
  "2852039166",
  "0251.0376.0251.0376",
  "[::ffff:169.254.169.254]",
  "[fe80::1]",
  "[fd00:ec2::254]",
  "168.63.129.16",
  "100.100.100.200",
  // For tests, documents, groups, everybody and nobody.
  "192.0.0.8",
  "192.0.2.1",
  "198.18.0.1",
  "198.51.100.7",
  "203.0.113.9",
  "192.88.99.1",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "[2001:db8::1]",
  "[3fff::1]",
  "[ff02::1]",
  "[100::1]",
  "[5f00::1]",
  "[4000::1]",
  "[2001:2::1]",
];

/** Whole URLs that are none, or that say more than where. */
const texts = [
  "http://klarsyn.example/",
  "https://user@klarsyn.example/",
  "https://user:secret@klarsyn.example/",
  "https://klarsyn.example#@127.0.0.1/",
  "https://klarsyn.example\\@127.0.0.1/",
  "https://127.0.0.1:443\\@klarsyn.example/",
  "https://klarsyn.example /",
  "https://\tklarsyn.example/",
  "https://klarsyn.example/\r\nHost: x",
  "https:///",
  "https://",
  "https://[::1",
  "https://[fe80::1%25eth0]/",
  "https://256.256.256.256/",
  "https://127.0.0.1.1/",
  "https://0x100000000/",
  "ftp://klarsyn.example/",
  "file:///etc/passwd",
  "gopher://127.0.0.1:25/",
  "javascript:alert(1)",
  "//klarsyn.example/",
  "klarsyn.example",
  "",
  `https://klarsyn.example/${"x".repeat(3000)}`,
];

describe("a hostile address", () => {
  test("there are many of", () => expect(new Set([...hosts, ...texts]).size).toBeGreaterThanOrEqual(100));

  test.each(hosts)("%s is refused as an endpoint, and nothing is sent to it", async (host) => {
    await using poster = openPoster({ allowed: nothing, timeoutMs: 500 });
    const url = `https://${host}/in`;
    expect(["address", "not-a-url"]).toContain(await poster.refusal(url));
    expect(await poster.post(url, {}, "{}")).toMatchObject({ status: null, error: "address" });
  });

  test.each(texts)("%j is refused as an endpoint, and nothing is sent to it", async (url) => {
    await using poster = openPoster({ allowed: nothing, timeoutMs: 500 });
    expect(await poster.refusal(url)).toEqual(expect.any(String));
    expect(await poster.post(url, {}, "{}")).toMatchObject({ status: null, error: "address" });
  });

  test.each([
    "127.0.0.1",
    "::1",
    "10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "fe80::1%eth0",
    "not an address",
  ])("a name that leads to %s is refused, also beside a public one", async (address) => {
    for (const addresses of [[address], ["93.184.215.14", address], [address, "2606:2800:21f:cb07::1"]]) {
      const answers = addresses.map((one) => ({ address: one, family: one.includes(":") ? 6 : 4 }));
      await using poster = openPoster({ allowed: nothing, timeoutMs: 500, lookup: async () => answers });
      expect(await poster.refusal("https://klarsyn.example/in")).toBe("address");
      expect(await poster.post("https://klarsyn.example/in", {}, "{}")).toMatchObject({ error: "address" });
    }
  });

  test("a name that answers otherwise when it is connected to is refused then", async () => {
    await using receiver = await startReceiver();
    const answers = ["93.184.215.14", "127.0.0.1"];
    const asked: string[] = [];
    const rebinding = async (name: string) => {
      asked.push(name);
      return [{ address: answers.shift() ?? "127.0.0.1", family: 4 }];
    };
    const url = `https://localhost:${receiver.port}/in`;
    await using poster = openPoster({ ...webhooks, allowed: nothing, timeoutMs: 1000, lookup: rebinding });
    expect(await poster.refusal(url)).toBeNull();
    expect(await poster.post(url, {}, "{}")).toMatchObject({ status: null, error: "address" });
    expect(await poster.post(url, {}, "{}")).toMatchObject({ status: null, error: "address" });
    expect(asked).toEqual(["localhost", "localhost", "localhost"]);
    expect(receiver.received).toEqual([]);
  });

  test("is connected to as it was checked: what the name says next is not asked", async () => {
    await using receiver = await startReceiver();
    let asked = 0;
    const once = async () => [{ address: asked++ === 0 ? "127.0.0.1" : "10.0.0.1", family: 4 }];
    const allowed = networks(["127.0.0.0/8"]);
    await using poster = openPoster({ ...webhooks, allowed, timeoutMs: 1000, lookup: once });
    expect(await poster.post(`https://localhost:${receiver.port}/in`, {}, "{}")).toMatchObject({ status: 204 });
    expect(asked).toBe(1);
  });

  test("is reached where its network is allowed, and only that", () => {
    const allowed = networks(["127.0.0.0/8", "fd00::/8"]);
    expect(["127.0.0.1", "127.9.9.9", "fd12::1", "::ffff:127.0.0.1"].map((one) => reachable(one, allowed))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(["10.0.0.1", "::1", "169.254.169.254", "fc00::1"].some((one) => reachable(one, allowed))).toBe(false);
    expect(
      ["8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"].every((one) => reachable(one, nothing)),
    ).toBe(true);
    for (const wrong of ["127.0.0.1", "10.0.0.0/33", "localhost/8", "::/129"]) {
      expect(() => networks([wrong])).toThrow(/is not a network/);
    }
  });
});

describe("a receiver's answer", () => {
  const post = async (receiver: Awaited<ReturnType<typeof startReceiver>>, url = receiver.url) => {
    const allowed = networks(webhooks.allow);
    await using poster = openPoster({ ...webhooks, allowed, timeoutMs: 700 });
    return await poster.post(url, { "webhook-id": "evt_1" }, "{}");
  };

  test("counts only where it is one of success; no redirect is followed, and of a long one a kilobyte is read", async () => {
    await using elsewhere = await startReceiver();
    await using receiver = await startReceiver();
    for (const [behaviour, expected] of [
      [
        { status: 200, body: "tack" },
        { status: 200, error: null },
      ],
      [{ status: 202 }, { status: 202, error: null }],
      [
        { status: 302, headers: { location: elsewhere.url } },
        { status: 302, error: "redirect" },
      ],
      [
        { status: 307, headers: { location: elsewhere.url } },
        { status: 307, error: "redirect" },
      ],
      [{ status: 400 }, { status: 400, error: "status" }],
      [{ status: 500 }, { status: 500, error: "status" }],
      ["hang", { status: null, error: "timeout" }],
      ["garbage", { status: null, error: "garbage" }],
      ["cut", { status: null, error: "reset" }],
      ["endless", { status: 200, error: null }],
    ] as const) {
      receiver.behave(() => behaviour);
      const answer = await post(receiver);
      expect(answer).toMatchObject(expected);
      expect(answer.answer.length).toBeLessThanOrEqual(1024);
      expect(answer.ms).toBeLessThan(5000);
    }
    expect(elsewhere.received).toEqual([]);
  });

  test("is none where nobody listens, the name is nobody's, or the certificate is not the name's or of nobody we know", async () => {
    await using receiver = await startReceiver();
    expect(await post(receiver, "https://127.0.0.1:1/")).toMatchObject({ status: null, error: "refused" });
    const allowed = networks(webhooks.allow);
    const loopback = async () => [{ address: "127.0.0.1", family: 4 }];
    const wrong = { ...webhooks, allowed, timeoutMs: 700, lookup: loopback };
    await using named = openPoster(wrong);
    expect(await named.post(`https://klarsyn.example:${receiver.port}/`, {}, "{}")).toMatchObject({ error: "tls" });
    await using strange = openPoster({ ...wrong, caFile: undefined });
    expect(await strange.post(receiver.url, {}, "{}")).toMatchObject({ status: null, error: "tls" });
    await using nameless = openPoster({
      ...wrong,
      lookup: () => Promise.reject(Object.assign(new Error("no such name"), { code: "ENOTFOUND" })),
    });
    expect(await nameless.post(`https://klarsyn.example:${receiver.port}/`, {}, "{}")).toMatchObject({ error: "dns" });
    expect(receiver.received).toEqual([]);
  });
});

import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import forge from "node-forge";

/** PEM of a certificate and its key. */
export interface Credentials {
  cert: string;
  key: string;
}

interface Issued extends Credentials {
  certificate: forge.pki.Certificate;
  privateKey: forge.pki.rsa.PrivateKey;
}

const newKeyPair = promisify(generateKeyPair);
const dayMs = 86_400_000;

async function issue(name: string, extensions: unknown[], issuer: Issued | null): Promise<Issued> {
  // Node makes RSA keys in a tenth of the time that forge takes.
  const { publicKey, privateKey: key } = await newKeyPair("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const privateKey = forge.pki.privateKeyFromPem(key) as forge.pki.rsa.PrivateKey;
  const certificate = forge.pki.createCertificate();
  const subject = [{ name: "commonName", value: name }];
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // A leading zero byte would be read as padding, a leading one bit as a negative number.
  certificate.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(15))}`;
  certificate.validity.notBefore = new Date(Date.now() - dayMs);
  certificate.validity.notAfter = new Date(Date.now() + 365 * dayMs);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer === null ? subject : issuer.certificate.subject.attributes);
  certificate.setExtensions(extensions);
  certificate.sign(issuer?.privateKey ?? privateKey, forge.md.sha256.create());
  return { certificate, privateKey, cert: forge.pki.certificateToPem(certificate), key };
}

/** A certificate authority of its own, a server on the loopback and a client that it has issued; made anew every time. */
export async function makeCertificates(): Promise<{ ca: string; server: Credentials; client: Credentials }> {
  const authority = await issue(
    "Klarsyn simulator CA",
    [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, critical: true },
    ],
    null,
  );
  const leaf = { name: "basicConstraints", cA: false };
  const usage = { name: "keyUsage", digitalSignature: true, keyEncipherment: true };
  const names = [
    { type: 2, value: "localhost" },
    { type: 7, ip: "127.0.0.1" },
  ];
  const [server, client] = await Promise.all([
    issue(
      "localhost",
      [leaf, usage, { name: "extKeyUsage", serverAuth: true }, { name: "subjectAltName", altNames: names }],
      authority,
    ),
    issue("klarsyn", [leaf, usage, { name: "extKeyUsage", clientAuth: true }], authority),
  ]);
  return {
    ca: authority.cert,
    server: { cert: server.cert, key: server.key },
    client: { cert: client.cert, key: client.key },
  };
}

import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { Provider } from "oidc-provider";

export const client = { id: "klarsyn", secret: "hemligt-0123456789-hemligt-0123456789" };

/** Somebody whom the provider knows, and how surely it knows them. */
export interface Account {
  sub: string;
  name: string;
  groups: string[];
  department?: string;
  acr?: string;
}

/** A port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, "close");
  return port;
}

/** A real OpenID provider on loopback, at which whoever comes is `account.now` at once. `url` is Klarsyn's address. */
export async function startProvider(url: string, first: Account) {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const account = { now: first };
  const known = new Map<string, Account>();
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [`${url}/logga-in/svar`],
        backchannel_logout_uri: `${url}/logga-ut/bakvag`,
        backchannel_logout_session_required: true,
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    cookies: { keys: ["provnyckel"] },
    claims: { openid: ["sub"], profile: ["name", "groups", "department"] },
    acrValues: ["loa2", "loa3"],
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
    },
    // Its own choice of connection is for another version of undici than Node's.
    fetch(address, options) {
      const { dispatcher: _, ...rest } = options as typeof options & { dispatcher?: unknown };
      return fetch(address, rest);
    },
    ttl: { Interaction: 600, Grant: 3600, Session: 3600, AccessToken: 600, IdToken: 600 },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: async () => ({ ...known.get(sub), sub }),
    }),
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (request.url?.startsWith("/interaction/") !== true) return void answer(request, response);
    const { acr, sub } = account.now;
    known.set(sub, account.now);
    const login = { accountId: sub, ...(acr === undefined ? {} : { acr }) };
    return void provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
  });
  const signIn = {
    issuer,
    clientId: client.id,
    clientSecret: "${SIGN_IN_SECRET}",
    url,
    roles: {
      claim: "groups",
      map: {
        "hemtjanst-handlaggare": "handler",
        "hemtjanst-avtal": "purchaser",
        "klarsyn-granskning": "auditor",
        "klarsyn-admin": "administrator",
      },
    },
    unitClaim: "department",
  };
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { issuer, account, signIn, [Symbol.asyncDispose]: close };
}

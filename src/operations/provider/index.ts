export {
  actorOfClient,
  type ApiClient,
  apiClientByKey,
  apiClientBySecret,
  type ApiClientKind,
  apiClientKinds,
  type ApiScope,
  apiScopes,
  createApiClient,
  findApiClient,
  listApiClients,
  noteApiClient,
  revokeApiClient,
  rotateApiClient,
} from "./api-clients.ts";
export {
  acknowledgeOwnOrder,
  type DeclineReason,
  declineReasons,
  listOwnOrders,
  type OrderAnswer,
  type OwnAcknowledgement,
  type OwnLine,
  type OwnOrder,
  type OwnOrderDetail,
  type OwnPerson,
  showOwnOrder,
} from "./orders.ts";
export {
  explainOwnCase,
  type ExplanationReason,
  explanationReasons,
  listOwnCases,
  type OwnCase,
  showOwnCase,
} from "./cases.ts";
export { makeOwnStatement, type OwnNumbers, pageOfOwnSettlement } from "./settlement.ts";
export { showOwnClient } from "./client.ts";
export { caseNoOf, caseNumber, opaqueIdsOf, type OwnIds, ownIds } from "./ids.ts";

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
  countOwnQuestions,
  explainOwnCase,
  type ExplanationReason,
  explanationReasons,
  listOwnCases,
  listOwnQuestions,
  type OwnCase,
  type OwnCaseDetail,
  showOwnCase,
} from "./cases.ts";
export { type InboxFilter, inboxFilters, type InboxOrder, countOwnWaiting, listInbox } from "./inbox.ts";
export {
  type Chaser,
  chaseOrders,
  countOrdersToChase,
  listOrdersToChase,
  listOrdersWithWords,
  type OrderToChase,
  type OrderWithWords,
} from "./clock.ts";
export {
  exportOwnStatement,
  makeOwnStatement,
  type OwnMonth,
  type OwnNumbers,
  pageOfOwnSettlement,
  showOwnMonth,
} from "./settlement.ts";
export { listOwners } from "./owners.ts";
export { showOwnClient } from "./client.ts";
export { caseNoOf, caseNumber, opaqueIdsOf, type OwnIds, ownIds, pageIds } from "./ids.ts";

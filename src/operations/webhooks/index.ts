export { type EventType, type KeyKind, keyKinds } from "#webhook";
export { answerText } from "./answers.ts";
export { announceChanges } from "./announce.ts";
export { type Delivery, type DeliverNeeds, type EndpointNotice, openDelivery } from "./deliver.ts";
export {
  changeEndpoint,
  changeMailbox,
  createEndpoint,
  type DeliveryChoice,
  endEndpoint,
  type Endpoint,
  type EndpointFilter,
  listDeliveries,
  listEndpoints,
  listMailboxes,
  type LoggedDelivery,
  pauseEndpoint,
  pingEndpoint,
  resendDeliveries,
  resumeEndpoint,
  rotateKey,
  sendTestEvent,
  showEndpoint,
  type ShownAnswer,
  type ShownKey,
} from "./endpoints.ts";
export { mailWaiting } from "./mail.ts";
export { pruneEvents } from "./prune.ts";

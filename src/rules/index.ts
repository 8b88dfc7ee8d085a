import type { Rule } from "#rule";
import batchRegistration from "./batch-registration.ts";
import claimDuplicated from "./claim-duplicated.ts";
import claimDuringAbsence from "./claim-during-absence.ts";
import claimExceedsPayable from "./claim-exceeds-payable.ts";
import claimOutsideContract from "./claim-outside-contract.ts";
import claimSpanGap from "./claim-span-gap.ts";
import claimWithoutVisit from "./claim-without-visit.ts";
import claimWrongBand from "./claim-wrong-band.ts";
import claimWrongPrice from "./claim-wrong-price.ts";
import clientDayTooLong from "./client-day-too-long.ts";
import clientOverlap from "./client-overlap.ts";
import clockSkew from "./clock-skew.ts";
import copiedPlan from "./copied-plan.ts";
import decisionNotExecuted from "./decision-not-executed.ts";
import declinedClaimedInFull from "./declined-claimed-in-full.ts";
import declinedPattern from "./declined-pattern.ts";
import doubleStaffingIncomplete from "./double-staffing-incomplete.ts";
import doubleStaffingNotOrdered from "./double-staffing-not-ordered.ts";
import duplicateVisit from "./duplicate-visit.ts";
import editAfterCutOff from "./edit-after-cut-off.ts";
import editBurstBeforeCutOff from "./edit-burst-before-cut-off.ts";
import editWithoutReason from "./edit-without-reason.ts";
import editedToPlan from "./edited-to-plan.ts";
import editorConcentration from "./editor-concentration.ts";
import endBeforeStart from "./end-before-start.ts";
import executionAfterDecision from "./execution-after-decision.ts";
import fullUtilisation from "./full-utilisation.ts";
import growthWithoutStaff from "./growth-without-staff.ts";
import hoursExceedStaffing from "./hours-exceed-staffing.ts";
import householdFullTimeTwice from "./household-full-time-twice.ts";
import impossibleDay from "./impossible-day.ts";
import impossibleJourney from "./impossible-journey.ts";
import lateLoginElsewhere from "./late-login-elsewhere.ts";
import lateRegistration from "./late-registration.ts";
import lateStart from "./late-start.ts";
import lengthenedAfterwards from "./lengthened-afterwards.ts";
import longVisit from "./long-visit.ts";
import manualShare from "./manual-share.ts";
import matchRateLow from "./match-rate-low.ts";
import mealOverclaimed from "./meal-overclaimed.ts";
import mergedVisits from "./merged-visits.ts";
import missedVisit from "./missed-visit.ts";
import missingEnd from "./missing-end.ts";
import missingTravelTime from "./missing-travel-time.ts";
import movedTag from "./moved-tag.ts";
import neverOff from "./never-off.ts";
import noRest from "./no-rest.ts";
import offShiftVisit from "./off-shift-visit.ts";
import openingWithoutVisit from "./opening-without-visit.ts";
import orderChangeIgnored from "./order-change-ignored.ts";
import orderNotConfirmed from "./order-not-confirmed.ts";
import overGranted from "./over-granted.ts";
import overlongVisit from "./overlong-visit.ts";
import planRewritten from "./plan-rewritten.ts";
import priceBandDrift from "./price-band-drift.ts";
import providerOutlier from "./provider-outlier.ts";
import providerWithoutPermit from "./provider-without-permit.ts";
import relativeAsCarer from "./relative-as-carer.ts";
import roundDurations from "./round-durations.ts";
import roundingGain from "./rounding-gain.ts";
import serviceNotOrdered from "./service-not-ordered.ts";
import sharedLogin from "./shared-login.ts";
import shortAgainstStandard from "./short-against-standard.ts";
import shortVisit from "./short-visit.ts";
import singleCarer from "./single-carer.ts";
import sourceSilent from "./source-silent.ts";
import staffNotEmployed from "./staff-not-employed.ts";
import staffOverlap from "./staff-overlap.ts";
import staffOverlapAcrossProviders from "./staff-overlap-across-providers.ts";
import tagAtWrongClient from "./tag-at-wrong-client.ts";
import unbilledVisit from "./unbilled-visit.ts";
import underDelivered from "./under-delivered.ts";
import unknownClient from "./unknown-client.ts";
import unknownStaff from "./unknown-staff.ts";
import unmappedCode from "./unmapped-code.ts";
import unplannedVisit from "./unplanned-visit.ts";
import versionConflict from "./version-conflict.ts";
import visitAfterDeath from "./visit-after-death.ts";
import visitAfterMove from "./visit-after-move.ts";
import visitDuringAbsence from "./visit-during-absence.ts";
import visitDuringHospitalStay from "./visit-during-hospital-stay.ts";
import visitDuringLeave from "./visit-during-leave.ts";
import visitWithoutOpening from "./visit-without-opening.ts";
import visitWithoutOrder from "./visit-without-order.ts";
import volumeBreak from "./volume-break.ts";
import wrongPlace from "./wrong-place.ts";
import zeroGapChain from "./zero-gap-chain.ts";

/** Every rule, in order of id. */
export const rules: readonly Rule[] = [
  batchRegistration,
  claimDuplicated,
  claimDuringAbsence,
  claimExceedsPayable,
  claimOutsideContract,
  claimSpanGap,
  claimWithoutVisit,
  claimWrongBand,
  claimWrongPrice,
  clientDayTooLong,
  clientOverlap,
  clockSkew,
  copiedPlan,
  decisionNotExecuted,
  declinedClaimedInFull,
  declinedPattern,
  doubleStaffingIncomplete,
  doubleStaffingNotOrdered,
  duplicateVisit,
  editAfterCutOff,
  editBurstBeforeCutOff,
  editWithoutReason,
  editedToPlan,
  editorConcentration,
  endBeforeStart,
  executionAfterDecision,
  fullUtilisation,
  growthWithoutStaff,
  hoursExceedStaffing,
  householdFullTimeTwice,
  impossibleDay,
  impossibleJourney,
  lateLoginElsewhere,
  lateRegistration,
  lateStart,
  lengthenedAfterwards,
  longVisit,
  manualShare,
  matchRateLow,
  mealOverclaimed,
  mergedVisits,
  missedVisit,
  missingEnd,
  missingTravelTime,
  movedTag,
  neverOff,
  noRest,
  offShiftVisit,
  openingWithoutVisit,
  orderChangeIgnored,
  orderNotConfirmed,
  overGranted,
  overlongVisit,
  planRewritten,
  priceBandDrift,
  providerOutlier,
  providerWithoutPermit,
  relativeAsCarer,
  roundDurations,
  roundingGain,
  serviceNotOrdered,
  sharedLogin,
  shortAgainstStandard,
  shortVisit,
  singleCarer,
  sourceSilent,
  staffNotEmployed,
  staffOverlap,
  staffOverlapAcrossProviders,
  tagAtWrongClient,
  unbilledVisit,
  underDelivered,
  unknownClient,
  unknownStaff,
  unmappedCode,
  unplannedVisit,
  versionConflict,
  visitAfterDeath,
  visitAfterMove,
  visitDuringAbsence,
  visitDuringHospitalStay,
  visitDuringLeave,
  visitWithoutOpening,
  visitWithoutOrder,
  volumeBreak,
  wrongPlace,
  zeroGapChain,
];

import { z } from "zod";

/**
 * What Klarsyn reads of each record of the EC API; whatever is not named here is dropped before anything is stored:
 * names of case workers, street addresses and telephone numbers, `KeyInfos`, `EntryCode`, notes and descriptions.
 * Of an address only its protection mark is kept, so that the address of a protected person never gets further.
 * The description marks almost nothing as required, so a field may be missing or null; what a mapping needs it demands.
 */

/** Fields that the description names and that we never keep: dropped without being reported as unexpected. */
function dropped<Name extends string>(...names: Name[]): Record<Name, z.ZodOptional<z.ZodNever>> {
  return Object.fromEntries(names.map((name) => [name, z.never().optional()])) as Record<
    Name,
    z.ZodOptional<z.ZodNever>
  >;
}

const text = z.string().nullish();
const number = z.number().nullish();
const flag = z.boolean().nullish();
/** Times without zone are Europe/Stockholm. */
const time = z.string().nullish();
const codeText = z.object({ Code: z.int().nullish(), Text: text }).nullish();
const organizationUnit = z.object({ Id: text, ...dropped("Name") }).nullish();
const ofPerson = dropped("FirstName", "LastName", "Phones", "Emails");
/** Added by the adapter: the provider unit that a unit of another id space stands for. */
const joinedUnit = z.int().nullish();

export const client = z.object({
  Id: z.int(),
  PersonId: text,
  FullName: text,
  ProtectedRegistration: flag,
  IsConfidential: flag,
  Deregistration: z.object({ Date: time, Reason: text }).nullish(),
  UpdateTime: time,
  Deleted: flag,
  Addresses: z
    .array(
      z.object({
        Protected: flag,
        ...dropped("StreetAddress", "ZipCode", "City", "CareOf", "Country", "EntryCode", "Type"),
      }),
    )
    .nullish(),
  ...ofPerson,
  ...dropped("Active", "MaritalStatus", "KeyCode"),
});

export const clientAbsence = z.object({
  Id: z.int(),
  PersonId: text,
  StartDate: time,
  EndDate: time,
  Reason: codeText,
  Deleted: flag,
  ...dropped("Note"),
});

export const decision = z.object({
  Id: z.int(),
  PersonId: text,
  Code: codeText,
  Type: codeText,
  Date: time,
  FromDate: time,
  ToDate: time,
  ServiceCategory: codeText,
  Hour: number,
  HourType: codeText,
  Deleted: flag,
  ...dropped("InvestigationId", "Reason", "Caseworker", "Amount", "AmountType", "Quantity", "QuantityType", "Visit"),
  ...dropped("VisitType", "DecisionLevel", "Day", "DayType", "ExecutionStartDate", "ExecutionEndDate"),
  ...dropped("IterationNumber", "DaysOfDecision", "OrderIds"),
});

export const order = z.object({
  Id: z.string(),
  PersonId: text,
  ExecutionId: number,
  OrderDate: time,
  StartDate: time,
  EndDate: time,
  Status: text,
  Provider: z
    .object({ OrganizationUnit: organizationUnit, ...dropped("Id", "FirstName", "LastName", "FullName", "Types") })
    .nullish(),
  UpdateTime: time,
  ProviderUnitId: joinedUnit,
  /** Added by the adapter: the one decision that its ordered services name. */
  DecisionId: z.int().nullish(),
  ...dropped("ServiceCategoryId", "ServiceCategoryName", "InvestigationId", "Orderer", "Company", "UpdateSignature"),
});

const weekdays = z.array(z.string()).nullish();
const quantity = z.object({ Value: number, Unit: codeText }).nullish();

export const orderedService = z.object({
  OrderId: z.string(),
  DecisionId: number,
  ServiceType: codeText,
  StartDate: time,
  EndDate: time,
  Hours: quantity,
  Details: z
    .array(
      z.object({
        Id: z.string(),
        Frequency: number,
        Periodicity: number,
        HoursEachTime: number,
        Quantity: number,
        QuantityTypeText: text,
        Weekdays: weekdays,
        TimeUnitText: text,
        ...dropped("PeriodicityText", "QuantityType", "TimeUnit", "IcfCodeId"),
      }),
    )
    .nullish(),
  ...dropped("ServiceTypeId", "ServiceTypeName", "Icf", "Quantity", "Visits", "Amount"),
});

export const execution = z.object({
  Id: z.int(),
  PersonId: text,
  UpdateTime: time,
  StartDate: time,
  EndDate: time,
  Law: text,
  OrganizationUnit: organizationUnit,
  ProviderUnit: z.object({ Id: z.int().nullish(), ...dropped("Name") }).nullish(),
  EndReasonId: number,
  Deleted: flag,
  ...dropped("ServiceCategory", "ServiceCategoryId", "ServiceCategoryName", "InvestigationId", "Professional"),
  ...dropped("CoProfessional", "EndReasonText"),
});

export const servicePeriod = z.object({
  Id: z.int(),
  PersonId: text,
  ExecutionId: number,
  ServiceType: codeText,
  StartDate: time,
  EndDate: time,
  UpdateTime: time,
  Details: z
    .array(
      z.object({
        Id: z.int(),
        Frequency: number,
        Periodicity: number,
        TimeUnitText: text,
        HoursEachTime: number,
        WhenDuringDayText: text,
        Weekdays: weekdays,
        DoubleManning: number,
        ...dropped("PeriodicityText", "TimeUnit", "WhenDuringDay", "Quantity", "Type", "ResourceId", "ResourceName"),
      }),
    )
    .nullish(),
  Deleted: flag,
  ...dropped("ServiceTypeId", "ServiceTypeName", "Icf"),
});

export const servicePlan = z.object({
  Id: z.int(),
  ProviderUnitId: z.int().nullish(),
  PersonId: text,
  EstablishedDate: time,
  ClientParticipation: flag,
  FollowUpDate: time,
  ...dropped("EndDate", "ClientParticipationComment", "Participants", "OtherInformation", "Services", "OtherServices"),
  ...dropped("ImportantInformation", "FollowUpComment", "CreatedBy"),
});

export const providerUnit = z.object({
  Id: z.int(),
  Name: text,
  CompanyId: z.int().nullish(),
  CompanyName: text,
  Deleted: flag,
  ...dropped("Active", "IsShelteredHousing"),
});

export const providerPersonnel = z.object({
  Id: z.int(),
  PersonId: text,
  FullName: text,
  Roles: z
    .array(
      z.object({
        Active: flag,
        ProviderUnitId: z.int().nullish(),
        ...dropped("FromDate", "ToDate", "Name", "CanAdministrateDrugs", "CanDressWounds"),
      }),
    )
    .nullish(),
  HsaIds: z.array(z.object({ HsaId: text, ...dropped("ProviderUnitId") })).nullish(),
  Deleted: flag,
  ...ofPerson,
  ...dropped("Title", "Signature", "UserId", "Addresses"),
});

export const plannedWorkshift = z.object({
  Id: z.string(),
  /** UTC, unlike all other times. */
  ModificationTime: z.string(),
  PlanningUnitId: text,
  TypeOfTransportation: text,
  Personnel: z.object({ PersonId: text, ...dropped("PlanningUnitId", "FirstName", "LastName", "FullName") }).nullish(),
  IsRevoked: flag,
  PlannedActivities: z
    .array(
      z.object({
        Id: z.string(),
        PlanningUnitId: text,
        StartTime: time,
        /** .NET time spans, as is the way there. */
        Duration: text,
        TraveltimeToActivity: text,
        TypeOfPlannedActivity: text,
        Client: z
          .object({ PersonId: text, ...ofPerson, ...dropped("PlanningUnitId", "FullName", "Addresses") })
          .nullish(),
        ServiceItems: z.array(z.object({ Type: codeText, ...dropped("Category") })).nullish(),
        ProviderUnitId: joinedUnit,
        ...dropped("ActivityName", "Description", "IsMonitored", "MedicalReminder", "StartPosition", "EndPosition"),
        ...dropped("ChangeOfTransportation", "KeyInfos"),
      }),
    )
    .nullish(),
  ...dropped("StartTime", "EndTime", "TravelTimeHome", "StartPosition", "EndPosition"),
});

export const reportedVisit = z.object({
  Id: z.int(),
  ClientPersonId: text,
  Law: text,
  PersonnelPersonId: text,
  ProviderUnitId: z.int().nullish(),
  StartTime: time,
  EndTime: time,
  Status: text,
  OriginalStartTime: time,
  OriginalEndTime: time,
  LastUpdatedTime: time,
  IsDoubleManning: flag,
  PlannedVisitId: text,
  Services: z
    .array(
      z.object({
        ServiceType: codeText,
        ...dropped("Status", "ServiceCategory", "ExecutionId", "Quantity", "EstimatedTime"),
      }),
    )
    .nullish(),
  StartQuittanceType: text,
  EndQuittanceType: text,
  StartQuittanceId: text,
  EndQuittanceId: text,
  DeviceId: text,
  CancelledReason: text,
  Approved: flag,
  Deleted: flag,
  ...dropped("ExternalId", "ReportedWorkshiftId", "ServiceCategory", "PersonnelUserId", "ExecutionId"),
  ...dropped("PlannedWorkshiftId", "CancelledMinutes", "ReportingSystem"),
});

export const reportedWorkshift = z.object({
  Id: z.string(),
  PersonnelPersonId: text,
  StartTime: time,
  EndTime: time,
  Deleted: flag,
  ...dropped("DeviceId"),
});

/** Units of the planning module, as a tree; read to join their ids to provider units, never stored. */
export interface PlanningUnit {
  Id: string;
  ConnectedToProviderUnitId?: string | null | undefined;
  Children?: PlanningUnit[] | null | undefined;
}
export const planningUnit: z.ZodType<PlanningUnit> = z.object({
  Id: z.string(),
  ConnectedToProviderUnitId: text,
  get Children() {
    return z.array(planningUnit).nullish();
  },
});

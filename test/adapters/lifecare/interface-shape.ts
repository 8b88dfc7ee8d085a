import { z } from "zod";

/**
 * The EC API as its published description has it (V1, 8.4.14, read 2026-11-22): every property with its type and closed
 * list, nothing else allowed. Written from the description alone, apart from the adapter's record shapes, so that the
 * simulator and the adapter cannot share one misreading. The description marks few properties as required; the others
 * may be missing or null.
 */

const text = z.string();
const int = z.int32();
const double = z.number();
const yes = z.boolean();
const time = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,7})?(Z|[+-]\d{2}:\d{2})?$/);
const personId = z.string().regex(/^\d{8}[\dA-Z]{4}$/);

type Fields = Record<string, z.ZodType>;
/** An object whose properties may all be missing, but for those named. */
function object(fields: Fields, required: readonly string[] = []): z.ZodType {
  const entries = Object.entries(fields).map(([name, type]) => [name, required.includes(name) ? type : type.nullish()]);
  return z.strictObject(Object.fromEntries(entries) as Fields);
}
const list = (type: z.ZodType) => z.array(type);

const law = z.enum(["FTJ", "HSL", "LASS", "LSS", "RFTJ", "SFB", "SoL"]);
const weekday = z.enum(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]);
const codeText = object({ Code: int, Text: text });
const icf = object({ Code: text, Text: text });
const quantity = object({ Value: double, Unit: codeText });
const organizationUnit = object({ Id: text, Name: text });
const professional = object({ Id: text, Name: text });
const address = object({
  StreetAddress: text,
  ZipCode: text,
  City: text,
  CareOf: text,
  Country: text,
  Protected: yes,
  EntryCode: text,
  Type: z.enum(["Home", "Work", "Other"]),
});
const phone = object({ PhoneNumber: text, Protected: yes, Type: z.enum(["Home", "Mobile", "Work", "Other"]) });
const email = object({ EmailAddress: text, Protected: yes, Type: z.enum(["Home", "Work", "Other"]) });
const name = { FirstName: text, LastName: text, FullName: text };
const contact = { Addresses: list(address), Phones: list(phone), Emails: list(email), PersonId: personId, ...name };
const caseworker = object({
  Id: text,
  ...name,
  Types: list(z.enum(["DecisionMaker", "Investigator", "Orderer", "Provider"])),
  OrganizationUnit: organizationUnit,
});

const client = object({
  Id: int,
  ProtectedRegistration: yes,
  IsConfidential: yes,
  Active: yes,
  Deregistration: object({ Date: time, Reason: z.enum(["Decease", "Emigrated", "Other"]) }),
  MaritalStatus: text,
  UpdateTime: time,
  Deleted: yes,
  KeyCode: text,
  ...contact,
});

const clientAbsence = object({
  Id: int,
  PersonId: personId,
  StartDate: time,
  EndDate: time,
  Reason: codeText,
  Note: text,
  Deleted: yes,
});

const decision = object({
  Id: int,
  InvestigationId: int,
  PersonId: personId,
  Code: codeText,
  Type: codeText,
  Date: time,
  FromDate: time,
  ToDate: time,
  Reason: codeText,
  Caseworker: caseworker,
  ServiceCategory: codeText,
  Hour: double,
  HourType: codeText,
  Amount: double,
  AmountType: codeText,
  Quantity: double,
  QuantityType: codeText,
  Visit: double,
  VisitType: codeText,
  DecisionLevel: codeText,
  Day: double,
  DayType: codeText,
  ExecutionStartDate: time,
  ExecutionEndDate: time,
  IterationNumber: int,
  DaysOfDecision: double,
  OrderIds: list(int),
  Deleted: yes,
});

const order = object({
  Id: text,
  PersonId: personId,
  ServiceCategoryId: int,
  ServiceCategoryName: text,
  InvestigationId: int,
  ExecutionId: int,
  OrderDate: time,
  StartDate: time,
  EndDate: time,
  Status: z.enum(["Registered", "Sent", "Accepted", "WillNotBeExecuted"]),
  Orderer: caseworker,
  Provider: caseworker,
  Company: object({ Id: int, Name: text }),
  UpdateTime: time,
  UpdateSignature: text,
});

const orderedService = object({
  OrderId: text,
  DecisionId: int,
  ServiceType: codeText,
  ServiceTypeId: int,
  ServiceTypeName: text,
  Icf: icf,
  StartDate: time,
  EndDate: time,
  Hours: quantity,
  Quantity: quantity,
  Visits: quantity,
  Amount: quantity,
  Details: list(
    object({
      Id: text,
      Frequency: int,
      Periodicity: int,
      PeriodicityText: text,
      HoursEachTime: double,
      Quantity: double,
      QuantityType: int,
      QuantityTypeText: text,
      Weekdays: list(weekday),
      TimeUnit: int,
      TimeUnitText: text,
      IcfCodeId: text,
    }),
  ),
});

const execution = object({
  Id: int,
  PersonId: personId,
  UpdateTime: time,
  StartDate: time,
  EndDate: time,
  ServiceCategory: codeText,
  ServiceCategoryId: int,
  ServiceCategoryName: text,
  InvestigationId: int,
  Law: law,
  OrganizationUnit: organizationUnit,
  ProviderUnit: object({ Id: int, Name: text }),
  Professional: professional,
  CoProfessional: professional,
  Deleted: yes,
  EndReasonId: int,
  EndReasonText: text,
});

const servicePeriod = object({
  Id: int,
  PersonId: personId,
  ExecutionId: int,
  ServiceType: codeText,
  ServiceTypeId: int,
  ServiceTypeName: text,
  Icf: icf,
  StartDate: time,
  EndDate: time,
  UpdateTime: time,
  Details: list(
    object({
      Id: int,
      Frequency: int,
      Periodicity: int,
      PeriodicityText: text,
      TimeUnit: int,
      TimeUnitText: text,
      HoursEachTime: double,
      WhenDuringDay: int,
      WhenDuringDayText: text,
      Quantity: double,
      Weekdays: list(weekday),
      Type: z.enum(["None", "Amount", "Hours", "Day", "Quantity", "Visit"]),
      DoubleManning: double,
      ResourceId: int,
      ResourceName: text,
    }),
  ),
  Deleted: yes,
});

const servicePlan = object(
  {
    Id: int,
    ProviderUnitId: int,
    PersonId: personId,
    EstablishedDate: time,
    EndDate: time,
    ClientParticipation: yes,
    ClientParticipationComment: text,
    Participants: list(object({ Relation: text, ...contact })),
    OtherInformation: list(
      object({
        Headline: object({ Id: int, Text: text, Type: z.enum(["Accommodation", "OtherInformation"]) }),
        Text: text,
        StartDate: time,
        EndDate: time,
      }),
    ),
    Services: list(object({ ServiceType: codeText, StartDate: time, EndDate: time })),
    OtherServices: text,
    ImportantInformation: text,
    FollowUpDate: time,
    FollowUpComment: text,
    CreatedBy: object({ FirstName: text, LastName: text, Signature: text.max(10) }),
  },
  ["Id", "ProviderUnitId", "PersonId", "EstablishedDate", "ClientParticipation", "FollowUpDate"],
);

const providerUnit = object({
  CompanyId: int,
  CompanyName: text,
  Active: yes,
  Deleted: yes,
  IsShelteredHousing: yes,
  Id: int,
  Name: text,
});

const providerPersonnel = object({
  Id: int,
  Title: text,
  Roles: list(
    object({
      Active: yes,
      FromDate: time,
      ToDate: time,
      Name: text,
      ProviderUnitId: int,
      CanAdministrateDrugs: yes,
      CanDressWounds: yes,
    }),
  ),
  HsaIds: list(object({ HsaId: text, ProviderUnitId: int })),
  Signature: text.max(10),
  UserId: text.max(10),
  Deleted: yes,
  ...contact,
});

/** A .NET time span. */
const timeSpan = z.string().regex(/^(\d+\.)?\d{2}:\d{2}:\d{2}(\.\d{1,7})?$/);
const transportation = z.enum(["Unknown", "Car", "Bicycle", "ElectricBicycle", "Walking"]);
const position = object({
  Address: object({ StreetAddress: text, ZipCode: text, City: text }),
  Coordinate: object({
    Latitude: double,
    Longitude: double,
    CoordinateSystem: z.enum(["Undefined", "WGS84", "SWEREF99", "RT90"]),
  }),
  DetailText: text,
});
const plannedWorkshift = object({
  Id: text,
  // In UTC, says the description; the others do not say.
  ModificationTime: time,
  PlanningUnitId: text,
  StartTime: time,
  EndTime: time,
  TravelTimeHome: timeSpan,
  StartPosition: position,
  EndPosition: position,
  TypeOfTransportation: transportation,
  PlannedActivities: list(
    object({
      Id: text,
      PlanningUnitId: text,
      StartTime: time,
      Duration: timeSpan,
      TraveltimeToActivity: timeSpan,
      ActivityName: text,
      Description: text,
      IsMonitored: yes,
      MedicalReminder: yes,
      TypeOfPlannedActivity: z.enum(["Undefined", "Visit", "MiscPersonnelJob", "Pause"]),
      StartPosition: position,
      EndPosition: position,
      ChangeOfTransportation: object({ NewTransportation: transportation }),
      Client: object({ PlanningUnitId: text, ...contact }),
      KeyInfos: list(
        object({
          TypeOfKeyInfo: z.enum(["ClientKeyCode", "ClientKeyNumber", "ActivityKeyCode", "ActivityKeyNumber"]),
          TypeOfKeyInfoLocalized: text,
          Value: text,
        }),
      ),
      ServiceItems: list(object({ Type: codeText, Category: codeText })),
    }),
  ),
  Personnel: object({ PlanningUnitId: text, PersonId: personId, ...name }),
  IsRevoked: yes,
});

const proof = z.enum(["None", "Nfc", "Bluetooth", "Lock"]);
const reportedVisit = object(
  {
    Id: int,
    ExternalId: text,
    ReportedWorkshiftId: text,
    ClientPersonId: personId,
    ServiceCategory: codeText,
    Law: law,
    PersonnelPersonId: personId,
    PersonnelUserId: text,
    ExecutionId: int,
    ProviderUnitId: int,
    StartTime: time,
    EndTime: time,
    Status: z.enum(["Started", "Completed", "Cancelled", "Declined", "CompletedAndChangedTime"]),
    OriginalStartTime: time,
    OriginalEndTime: time,
    LastUpdatedTime: time,
    IsDoubleManning: yes,
    PlannedVisitId: text,
    PlannedWorkshiftId: text,
    Services: list(
      object(
        {
          ServiceType: codeText,
          ServiceCategory: codeText,
          ExecutionId: int,
          Status: z.enum(["Done", "NotDone", "Declined"]),
          Quantity: int,
          EstimatedTime: timeSpan,
        },
        ["ServiceType", "ServiceCategory", "ExecutionId", "Status", "Quantity"],
      ),
    ),
    StartQuittanceType: proof,
    EndQuittanceType: proof,
    StartQuittanceId: text,
    EndQuittanceId: text,
    DeviceId: text,
    CancelledReason: text,
    CancelledMinutes: int,
    ReportingSystem: text,
    Approved: yes,
    Deleted: yes,
  },
  [
    "ExternalId",
    "ClientPersonId",
    "PersonnelPersonId",
    "PersonnelUserId",
    "ExecutionId",
    "StartTime",
    "Status",
    "IsDoubleManning",
    "StartQuittanceType",
    "EndQuittanceType",
    "ReportingSystem",
  ],
);

const reportedWorkshift = object(
  { Id: text, PersonnelPersonId: personId, StartTime: time, EndTime: time, DeviceId: text, Deleted: yes },
  ["Id", "PersonnelPersonId", "StartTime"],
);

const planningUnit: z.ZodType = z.lazy(() =>
  object({
    Id: text,
    Name: text,
    Deleted: yes,
    ConnectedToProviderUnitId: text,
    Children: list(planningUnit),
  }),
);

/** What each resource answers with: a list of these. */
export const interfaceShape: Readonly<Record<string, z.ZodType>> = {
  clients: client,
  client_absences: clientAbsence,
  sol_decisions: decision,
  orders: order,
  ordered_services: orderedService,
  executions: execution,
  service_periods: servicePeriod,
  service_plans: servicePlan,
  provider_units: providerUnit,
  provider_personnels: providerPersonnel,
  planned_workshifts: plannedWorkshift,
  reported_visits: reportedVisit,
  reported_workshifts: reportedWorkshift,
  planning_units: planningUnit,
};

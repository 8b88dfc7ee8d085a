import { addWorkingDays, dayOf, formatDay } from "#model";
import { asOf, period, word } from "../month.ts";

/*
 * The ten rules as SQL, for Postgres and for DuckDB, with the same conditions, innocent causes and texts as in src/rules.
 * Tables that both have: v (visits), homes, ordered, lines_ordered, absent, special_shifts, kinds, unit_providers, deadlines,
 * silences. What
 * needs a visit's neighbours is one walk by window functions that leaves few candidates, and a join of those alone.
 */

export interface Dialect {
  /** "08:30" of an instant. */
  clock: (at: string) => string;
  /** "2026-10-05 08:30" */
  local: (at: string) => string;
  /** The local day of an instant. */
  day: (at: string) => string;
  /** An object as JSON text, of names and values. */
  json: (pairs: ReadonlyArray<readonly [string, string]>) => string;
  /** Makes a table that lasts as long as the connection. */
  temporary: string;
}

const evidence =
  (join: (parts: string[]) => string) =>
  (pairs: ReadonlyArray<readonly [string, string]>): string =>
    join(pairs.map(([name, value]) => `'{"condition":"${name}","value":' || ${value} || '}'`));

export const postgres: Dialect = {
  clock: (at) => `to_char(${at}, 'HH24:MI')`,
  local: (at) => `to_char(${at}, 'YYYY-MM-DD HH24:MI')`,
  day: (at) => `(${at})::date`,
  json: evidence((parts) => parts.join(" || ',' || ")),
  temporary: "CREATE TEMPORARY TABLE",
};

/** Its instants are UTC without a zone, which is what it compares fastest; texts say summer time. */
export const duckdb: Dialect = {
  clock: (at) => `strftime(${at} + INTERVAL 2 HOUR, '%H:%M')`,
  local: (at) => `strftime(${at} + INTERVAL 2 HOUR, '%Y-%m-%d %H:%M')`,
  day: (at) =>
    `((${at}) + CASE WHEN ${at} < TIMESTAMP '2026-10-25 01:00:00' THEN INTERVAL 2 HOUR ELSE INTERVAL 1 HOUR END)::date`,
  json: postgres.json,
  temporary: "CREATE TEMPORARY TABLE",
};

const first = formatDay(period.from);
const last = formatDay(period.through);
const completed = word("visits", "status", "completed");
const proofs = `(${word("visits", "startProof", "manual")}, ${word("visits", "startProof", "none")})`;
const absence = (kind: string): number => word("absences", "kind", kind);
const kind = (name: string): number => word("services", "kind", name);
const law = (name: string): number => word("visits", "law", name);

const usable = (of = ""): string =>
  `${of}status <= ${completed} AND ${of}ended > ${of}start AND ${of}ended - ${of}start <= INTERVAL '25' HOUR`;
const minutes = (span: string): string => `floor(extract(epoch FROM (${span})) / 60 + 0.5)::int`;
const proven = (of: string): string => `${of}start_proof NOT IN ${proofs} AND ${of}end_proof NOT IN ${proofs}`;
const metres = `6371000 * sqrt(power(radians(hb.longitude - ha.longitude) * cos(radians((ha.latitude + hb.latitude) / 2)), 2) + power(radians(hb.latitude - ha.latitude), 2))`;
const both = "least(a.id, b.id) || ',' || greatest(a.id, b.id)";
/** Faster than 110 km/h in a straight line, and further than a kilometre. */
const tooFast = (start: string, ended: string): string =>
  `${metres} > 1000 AND ${metres} * 3.6 > 110 * extract(epoch FROM (${start} - ${ended}))`;
/** The same building, or 60 m; null where what is known does not tell. */
const samePlace = `CASE WHEN ha.building = hb.building THEN true WHEN ha.exact AND hb.exact THEN ${metres} <= 60
  WHEN ha.building IS NOT NULL AND hb.building IS NOT NULL THEN false END`;

/** For each day the last one on which an order may be entered that was needed at once. */
export const deadlines = (): string =>
  Array.from({ length: period.through - period.from + 1 }, (_, at) => period.from + at)
    .map((day) => `(DATE '${formatDay(day)}', DATE '${formatDay(addWorkingDays(day, 3))}')`)
    .join(", ");

/** Statements that fill `found (rule, records, minutes, reason, evidence)`, in order. */
export function tenRules({ clock, local, day, json, temporary }: Dialect): Array<{ what: string; text: string }> {
  const overlaps = (of: "staff" | "client", table: string): string =>
    `${temporary} ${table} AS
     WITH walked AS (
       SELECT v.*, max(CASE WHEN ${usable()} THEN ended END)
         OVER (PARTITION BY ${of} ORDER BY start, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest
       FROM v WHERE ${of} IS NOT NULL),
     candidates AS (SELECT * FROM walked WHERE latest >= start + INTERVAL '1' MINUTE AND ${usable()})
     SELECT a.id AS a_id, b.id AS b_id, b.day, b.${of}, a.client AS a_client, b.client AS b_client, a.staff AS a_staff, b.staff AS b_staff,
       a.start AS a_start, b.start AS b_start, a.ended AS a_ended, b.ended AS b_ended, a.service AS a_service, b.service AS b_service, a.unit AS a_unit, b.unit AS b_unit, a.law AS a_law, b.law AS b_law,
       a.source_no = b.source_no AND a.group_code = b.group_code AS grouped, ${minutes("least(a.ended, b.ended) - b.start")} AS minutes
     FROM candidates b JOIN v a ON a.${of} = b.${of} AND a.day BETWEEN b.day - 1 AND b.day
     WHERE (a.start < b.start OR (a.start = b.start AND a.id < b.id)) AND ${usable("a.")}
       AND least(a.ended, b.ended) - b.start >= INTERVAL '1' MINUTE AND b.day BETWEEN DATE '${first}' AND DATE '${last}'`;
  const insert = "INSERT INTO found (rule, records, minutes, reason, evidence)";
  return [
    {
      what: "duplicate-visit",
      text: `${insert}
        WITH walked AS (SELECT v.*, lag(start) OVER (PARTITION BY client, day ORDER BY start, id) AS before FROM v)
        SELECT 'duplicate-visit', ${both}, least(CASE WHEN ${usable("a.")} THEN ${minutes("a.ended - a.start")} ELSE 0 END, CASE WHEN ${usable("b.")} THEN ${minutes("b.ended - b.start")} ELSE 0 END),
          'Samma person är registrerad två gånger hos brukaren ' || ${local("a.start")} || '.',
          ${json([["minuter mellan besökens start ≤", minutes("b.start - a.start")]])}
        FROM walked b JOIN v a ON a.client = b.client AND a.day = b.day AND a.staff = b.staff
        WHERE b.before >= b.start - INTERVAL '2' MINUTE AND a.start BETWEEN b.start - INTERVAL '2' MINUTE AND b.start
          AND (a.start < b.start OR a.id < b.id) AND a.status <= ${completed} AND b.status <= ${completed} AND a.source_no = b.source_no`,
    },
    { what: "pairs of one person", text: overlaps("staff", "staff_pairs") },
    {
      what: "judged pairs",
      text: `${temporary} judged AS
        SELECT p.* FROM staff_pairs p JOIN homes ha ON ha.client = p.a_client JOIN homes hb ON hb.client = p.b_client
          LEFT JOIN kinds ka ON ka.service = p.a_service LEFT JOIN kinds kb ON kb.service = p.b_service
        WHERE a_client <> b_client AND (ha.household = hb.household) IS NOT TRUE AND grouped IS NOT TRUE AND (${samePlace}) = false
          AND NOT (coalesce(ka.away, false) AND coalesce(kb.away, false))
          AND NOT EXISTS (SELECT 1 FROM found f WHERE f.rule = 'duplicate-visit' AND f.records = least(a_id, b_id) || ',' || greatest(a_id, b_id))`,
    },
    {
      what: "staff-overlap",
      text: `${insert}
        SELECT 'staff-overlap', least(a_id, b_id) || ',' || greatest(a_id, b_id), minutes,
          'Samma personal är registrerad hos två brukare samtidigt i ' || minutes || ' minuter: ' || ${clock("a_start")} || '–' || ${clock("a_ended")} || ' och ' || ${clock("b_start")} || '–' || ${clock("b_ended")} || '.',
          ${json([
            ["samtidig tid i minuter ≥", "minutes"],
            ["samma bostad eller hushåll", "'false'"],
            ["registrerat som gemensamt besök", "'false'"],
          ])}
        FROM judged WHERE minutes >= 8`,
    },
    {
      what: "short overlaps of a day",
      text: `${temporary} short AS
        SELECT staff, day, sum(minutes)::int AS minutes FROM judged WHERE minutes < 8 GROUP BY staff, day HAVING sum(minutes) >= 15`,
    },
    {
      what: "staff-overlap, short",
      text: `${insert}
        SELECT 'staff-overlap', string_agg(id, ',' ORDER BY id), minutes,
          'Samma personal är registrerad hos två brukare samtidigt i korta stunder, tillsammans ' || minutes || ' minuter under dagen.',
          ${json([
            ["samtidig tid under dagen i minuter ≥", "minutes"],
            ["var för sig kortare än", "8"],
          ])}
        FROM (SELECT DISTINCT s.staff, s.day, s.minutes, id FROM short s JOIN (
            SELECT staff, day, a_id AS id FROM judged WHERE minutes < 8 UNION ALL SELECT staff, day, b_id FROM judged WHERE minutes < 8
          ) j ON j.staff = s.staff AND j.day = s.day) of_day
        GROUP BY staff, day, minutes`,
    },
    { what: "pairs at one client", text: overlaps("client", "client_pairs") },
    {
      what: "client-overlap",
      text: `${insert}
        WITH who AS (
          SELECT p.*, coalesce(ua.provider <> ub.provider, false) AS two, coalesce(a_staff = b_staff, false) AS same,
            (SELECT max(staffing) FROM lines_ordered o WHERE o.client = p.client AND p.day BETWEEN o.valid_from AND o.valid_to) AS ordered
          FROM client_pairs p LEFT JOIN unit_providers ua ON ua.unit = p.a_unit LEFT JOIN unit_providers ub ON ub.unit = p.b_unit WHERE minutes > 10)
        SELECT 'client-overlap', least(a_id, b_id) || ',' || greatest(a_id, b_id), minutes,
          CASE WHEN same THEN 'Samma person är registrerad hos brukaren för två utförare' WHEN two THEN 'Två utförares besök är registrerade hos brukaren'
            ELSE 'Två personer är registrerade hos brukaren' END || ' samtidigt i ' || minutes || ' minuter (' || ${clock("a_start")} || '–' || ${clock("a_ended")} || ' och ' || ${clock("b_start")} || '–' || ${clock("b_ended")} || ')'
            || CASE WHEN same THEN '.' ELSE ', men en person är beställd.' END,
          ${json([
            ["samtidig tid i minuter >", "minutes"],
            ["två utförare", "CAST(two AS text)"],
            ["samma person", "CAST(same AS text)"],
            ["personer samtidigt enligt beställningen", "ordered"],
            ["olika lagar", "'false'"],
          ])}
        FROM who p LEFT JOIN kinds ka ON ka.service = p.a_service LEFT JOIN kinds kb ON kb.service = p.b_service
        WHERE (two OR a_staff IS DISTINCT FROM b_staff) AND (ordered = 1 OR (ordered > 1 AND same)) AND coalesce(a_law, ${law("SoL")}) = coalesce(b_law, ${law("SoL")})
          AND NOT EXISTS (SELECT 1 FROM found f WHERE f.rule = 'duplicate-visit' AND f.records = least(a_id, b_id) || ',' || greatest(a_id, b_id))
          AND coalesce(ka.kind = ${kind("nursing")}, false) = coalesce(kb.kind = ${kind("nursing")}, false)
          AND coalesce(ka.kind, -1) <> ${kind("alarm")} AND coalesce(kb.kind, -1) <> ${kind("alarm")}
          AND lower(coalesce(ka.code, '')) NOT IN ('introduktion', 'bredvidgång', 'bredvidgang') AND lower(coalesce(kb.code, '')) NOT IN ('introduktion', 'bredvidgång', 'bredvidgang')
          AND NOT EXISTS (SELECT 1 FROM special_shifts s WHERE (s.staff = p.a_staff AND s.start <= p.a_start AND s.ended > p.a_start) OR (s.staff = p.b_staff AND s.start <= p.b_start AND s.ended > p.b_start))`,
    },
    {
      // From where a person came (a): the usable visit of the day so far that ended last (n, where it is the one before),
      // or the last one of the day before (x) while no other has ended later.
      what: "journeys too fast",
      text: `${temporary} journeys AS
        WITH walked AS (
          SELECT id, staff, day, start, ended, client, service, ${usable()} AS fits, ${proven("")} AS proven,
            lag(id) OVER person AS l_id, lag(day) OVER person AS l_day, lag(client) OVER person AS l_client, lag(service) OVER person AS l_service, lag(ended) OVER person AS l_ended, lag(${usable()}) OVER person AS l_fits, lag(${proven("")}) OVER person AS l_proven
          FROM v WHERE staff IS NOT NULL WINDOW person AS (PARTITION BY staff ORDER BY day, start, id)),
        begun AS (
          SELECT id, staff, day, start, ended, client, service, proven, fits, l_id, l_client, l_service, l_fits, l_proven,
            first_value(CASE WHEN l_day = day - 1 THEN l_id END) OVER today AS x_id, first_value(CASE WHEN l_day = day - 1 THEN l_client END) OVER today AS x_client, first_value(CASE WHEN l_day = day - 1 THEN l_service END) OVER today AS x_service,
            first_value(CASE WHEN l_day = day - 1 THEN l_ended END) OVER today AS x_ended, first_value(l_fits AND l_proven) OVER today AS x_good,
            max(CASE WHEN fits THEN ended END) OVER (today ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest, l_day = day AND l_fits AS has_n, l_ended
          FROM walked WINDOW today AS (PARTITION BY staff, day ORDER BY start, id)),
        chosen AS (
          SELECT id, staff, day, start, client, service, proven,
            CASE WHEN latest IS NULL OR x_ended > latest THEN x_id WHEN has_n AND l_ended = latest THEN l_id END AS a_id,
            CASE WHEN latest IS NULL OR x_ended > latest THEN x_client WHEN has_n AND l_ended = latest THEN l_client END AS a_client,
            CASE WHEN latest IS NULL OR x_ended > latest THEN x_service WHEN has_n AND l_ended = latest THEN l_service END AS a_service,
            CASE WHEN latest IS NULL OR x_ended > latest THEN x_ended ELSE latest END AS a_ended,
            CASE WHEN latest IS NULL OR x_ended > latest THEN x_good ELSE l_proven END AS a_good,
            latest IS NOT NULL AND (x_ended > latest) IS NOT TRUE AND (has_n AND l_ended = latest) IS NOT TRUE AS searched
          FROM begun WHERE fits AND proven)
        SELECT c.* FROM chosen c LEFT JOIN homes ha ON ha.client = c.a_client JOIN homes hb ON hb.client = c.client
        WHERE day BETWEEN DATE '${first}' AND DATE '${last}' AND start >= a_ended AND start <= a_ended + INTERVAL '12' HOUR
          AND (searched OR (a_good AND a_client <> c.client AND ${tooFast("c.start", "c.a_ended")}))`,
    },
    {
      what: "impossible-journey",
      text: `${insert}
        WITH searched AS (
          SELECT j.id, j.staff, j.day, j.start, j.client, j.service, v.id AS a_id, v.client AS a_client, v.service AS a_service, v.ended AS a_ended, ${proven("v.")} AS a_good,
            row_number() OVER (PARTITION BY j.id ORDER BY v.ended DESC, v.start DESC, v.id DESC) AS nth
          FROM journeys j JOIN v ON v.staff = j.staff AND v.day = j.day AND (v.start < j.start OR (v.start = j.start AND v.id < j.id)) AND ${usable("v.")}
          WHERE j.searched),
        gone AS (
          SELECT id, staff, day, start, client, service, a_id, a_client, a_service, a_ended FROM searched WHERE nth = 1 AND a_good
          UNION ALL SELECT id, staff, day, start, client, service, a_id, a_client, a_service, a_ended FROM journeys WHERE NOT searched)
        SELECT 'impossible-journey', least(g.a_id, g.id) || ',' || greatest(g.a_id, g.id), NULL,
          'Från besöket som slutade ' || ${clock("a_ended")} || ' till det som började ' || ${clock("g.start")} || ' är det ' || replace(CAST(round(CAST(${metres} / 1000 AS numeric), 1) AS text), '.', ',') || ' km fågelvägen, på ' || ${minutes("g.start - a_ended")} || ' minuter.',
          ${json([
            [
              "hastighet i km/h >",
              `coalesce(CAST(round(${metres} * 3.6 / nullif(extract(epoch FROM (g.start - a_ended)), 0)) AS text), '"ingen restid alls"')`,
            ],
            ["avstånd i meter >", `round(${metres})`],
            ["båda besöken kvitterade", "'true'"],
          ])}
        FROM gone g JOIN homes ha ON ha.client = g.a_client JOIN homes hb ON hb.client = g.client
          LEFT JOIN kinds ka ON ka.service = g.a_service LEFT JOIN kinds kb ON kb.service = g.service
        WHERE g.client <> g.a_client AND NOT coalesce(ka.away, false) AND NOT coalesce(kb.away, false) AND ${tooFast("g.start", "a_ended")} AND (ha.building = hb.building) IS NOT TRUE
          AND NOT EXISTS (SELECT 1 FROM short s JOIN judged p ON p.staff = s.staff AND p.day = s.day AND p.minutes < 8 AND g.id IN (p.a_id, p.b_id)
            JOIN judged q ON q.staff = s.staff AND q.day = s.day AND q.minutes < 8 AND g.a_id IN (q.a_id, q.b_id) WHERE s.staff = g.staff AND s.day = g.day)`,
    },
    {
      what: "visits odd in themselves",
      text: `${temporary} odd AS
        SELECT v.*, k.kind FROM v LEFT JOIN kinds k ON k.service = v.service
        WHERE day BETWEEN DATE '${first}' AND DATE '${last}'
          AND (ended <= start OR ended - start > INTERVAL '12' HOUR OR received_at - ended > INTERVAL '24' HOUR)`,
    },
    {
      what: "end-before-start",
      text: `${insert}
        SELECT 'end-before-start', id, NULL, 'Besöket slutar ' || ${local("ended")} || ', vilket inte är efter starten ' || ${local("start")} || '.', ${json([["slut efter start", "'false'"]])}
        FROM odd WHERE ended <= start`,
    },
    {
      what: "overlong-visit",
      text: `${insert}
        SELECT 'overlong-visit', id, length, 'Besöket ' || ${local("start")} || '–' || ${local("ended")} || ' är ' || length / 60 || ' timmar och ' || length % 60 || ' minuter långt.',
          ${json([
            ["timmar >", "round(length / 60.0, 1)"],
            ["räknas i avräkningen", `CAST(${usable()} AS text)`],
          ])}
        FROM (SELECT *, ${minutes("ended - start")} AS length FROM odd) o LEFT JOIN unit_providers u ON u.unit = o.unit
        WHERE status <= ${completed} AND length > 720 AND coalesce(kind, -1) <> ${kind("nightWatch")}
          AND NOT (service IS NULL AND EXISTS (SELECT 1 FROM lines_ordered l WHERE l.client = o.client AND l.watch
            AND o.day BETWEEN l.valid_from AND l.valid_to AND (l.provider = u.provider OR l.provider IS NULL OR u.provider IS NULL)))`.replaceAll(
        "length / 60 ||",
        "CAST(floor(length / 60) AS int) ||",
      ),
    },
    {
      what: "late-registration",
      text: `${insert}
        SELECT 'late-registration', id, CASE WHEN ${usable()} THEN ${minutes("ended - start")} ELSE 0 END,
          'Besöket som slutade ' || ${local("ended")} || ' kom in ' || hours || ' timmar senare.', CASE WHEN silent < 3600 THEN ${json([["timmar efter besökets slut >", "hours"]])}
            ELSE ${json([
              ["timmar efter besökets slut >", "hours"],
              ["därav timmar då källan var tyst", "CAST(floor(silent / 3600) AS int)"],
            ])} END
        FROM (SELECT o.*, CAST(floor(extract(epoch FROM (received_at - ended)) / 3600) AS int) AS hours,
            coalesce((SELECT sum(extract(epoch FROM (least(s.ended, o.received_at) - greatest(s.start, o.ended)))) FROM silences s
              WHERE s.source_no = o.source_no AND s.start < o.received_at AND s.ended > o.ended), 0) AS silent
          FROM odd o WHERE received_at - ended > INTERVAL '24' HOUR) o
        WHERE extract(epoch FROM (received_at - ended)) - silent > 86400`,
    },
    {
      what: "visit-after-death",
      text: `${insert}
        SELECT 'visit-after-death', id, CASE WHEN ${usable()} THEN ${minutes("ended - start")} ELSE 0 END,
          'Besöket ' || ${local("start")} || ' är registrerat ' || (day - h.deceased_on) || ' dagar efter att brukaren avled (' || h.deceased_on || ').',
          ${json([["dagar efter dödsdagen >", "(day - h.deceased_on)"]])}
        FROM homes h JOIN v ON v.client = h.client AND v.day > h.deceased_on + 1
        WHERE h.deceased_on IS NOT NULL AND status <= ${completed} AND day BETWEEN DATE '${first}' AND DATE '${last}'`,
    },
    {
      what: "visit-during-absence",
      text: `${insert}
        WITH stays AS (
          SELECT *, min(start) OVER (PARTITION BY client, stay) AS from_start, max(ended) OVER (PARTITION BY client, stay) AS to_end
          FROM (SELECT *, count(*) FILTER (WHERE start > before OR (start = before AND ${day("start")} > ${day("start - INTERVAL '1 millisecond'")})) OVER (PARTITION BY client ORDER BY start, id) AS stay
            FROM (SELECT *, max(ended) OVER (PARTITION BY client ORDER BY start, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM absent) b) n),
        covered AS (
          SELECT v.id, v.start, v.ended, v.day, a.id AS a_id, a.start AS a_from, a.from_start AS a_start, a.to_end AS a_ended, a.kind,
            row_number() OVER (PARTITION BY v.id, a.kind ORDER BY a.start, a.id) AS nth
          FROM stays a JOIN v ON v.client = a.client AND v.start < a.ended AND v.ended > a.start LEFT JOIN kinds k ON k.service = v.service
          WHERE a.kind <> ${absence("hospital")} AND coalesce(k.away, false) = false AND ${usable("v.")} AND v.day BETWEEN DATE '${first}' AND DATE '${last}'),
        judged_stays AS (
          SELECT *, ${minutes("least(ended, a_ended) - greatest(start, a_start)")} AS inside,
            day = ${day("a_start")} OR ${day("ended - INTERVAL '1 millisecond'")} = ${day("a_ended - INTERVAL '1 millisecond'")} AS boundary
          FROM covered WHERE nth = 1),
        first_kind AS (
          SELECT *, row_number() OVER (PARTITION BY id ORDER BY CASE kind WHEN ${absence("shortTermStay")} THEN 0 WHEN ${absence("away")} THEN 1 ELSE 2 END) AS rank
          FROM judged_stays WHERE CASE WHEN boundary THEN inside > 60 ELSE start >= a_start AND ended <= a_ended END)
        SELECT 'visit-during-absence', a_id || ',' || id, inside,
          'Besöket ' || ${local("start")} || '–' || ${clock("ended")} || ' gjordes medan brukaren var ' || CASE kind WHEN ${absence("shortTermStay")} THEN 'på korttidsboende' WHEN ${absence("away")} THEN 'bortrest' ELSE 'frånvarande' END || ' (från ' || ${local("a_from")} || ').',
          ${json([["minuter av besöket inne i frånvaron", "inside"]])}
        FROM first_kind WHERE rank = 1`,
    },
    {
      what: "visit-without-order",
      text: `${insert}
        SELECT 'visit-without-order', id, CASE WHEN ${usable("v.")} THEN ${minutes("v.ended - v.start")} ELSE 0 END,
          'Besöket ' || ${local("v.start")} || '–' || ${clock("v.ended")} || ' gjordes en dag då utföraren inte hade någon beställning för brukaren.',
          ${json([
            ["beställning hos utföraren gäller dagen", "'false'"],
            ["beställningar för brukaren, alla utförare", "(SELECT count(*) FROM ordered a WHERE a.client = v.client)"],
            ["lades in senare, inom vardagar", "'false'"],
          ])}
        FROM v JOIN homes h ON h.client = v.client LEFT JOIN kinds k ON k.service = v.service LEFT JOIN unit_providers u ON u.unit = v.unit JOIN deadlines d ON d.day = v.day
        WHERE v.status <= ${completed} AND d.deadline < DATE '${formatDay(dayOf(asOf))}' AND coalesce(v.law, -1) <> ${law("HSL")} AND coalesce(k.kind, -1) NOT IN (${kind("alarm")}, ${kind("nursing")})
          AND NOT EXISTS (SELECT 1 FROM ordered o WHERE o.client = v.client AND v.day BETWEEN o.valid_from AND o.valid_to AND (o.provider = u.provider OR o.provider IS NULL OR u.provider IS NULL))
          AND NOT EXISTS (SELECT 1 FROM ordered o WHERE o.client = v.client AND (o.provider = u.provider OR o.provider IS NULL OR u.provider IS NULL)
            AND o.valid_from > v.day AND o.valid_from <= d.deadline AND o.ordered_on <= d.deadline)`,
    },
  ];
}

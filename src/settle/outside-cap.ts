import { NO_DAY, rowsOf, type Tables } from "#columns";
import { type Day, dayOf, type Instant, MINUTE, startOfDay } from "#model";
import { grossMinutes, inForce, occurrencesOf } from "#match";
import { lateReason, type Piece, type Slice, sumOf, take, type World } from "./pieces.ts";
import { decisionScale, type MonthRows, type Row } from "./rows.ts";
import type { Segment } from "./terms.ts";

/** A piece that is paid without a visit. */
function without(kind: Piece["kind"], row: Row, segment: Segment, day: Day): Piece {
  return {
    kind,
    row,
    segment,
    visit: -1,
    plan: -1,
    day,
    staff: -1,
    start: NaN,
    end: NaN,
    part: 1,
    slices: [],
    ms: 0,
    fullMs: 0,
    performedMs: 0,
    continues: false,
    steps: [{ step: "registered", ms: 0 }],
    bands: [],
  };
}

const segmentOf = (row: Row, day: Day): Segment | undefined =>
  row.segments.find(({ from, through }) => from <= day && day <= through);

/** Paid whether anybody comes or not. */
const paidAnyway = ({ basis }: Segment): boolean => basis === "granted" || basis === "monthly";

/** The provider who has the order: what is paid without a visit is theirs. */
const holdsOrder = ({ orders }: Tables, row: Row): boolean =>
  row.line >= 0 && orders.provider(row.order) === row.provider;

/** Times at which a line is due on a day, as slices that come to its minutes times staff. */
function dueSlices(tables: Tables, line: number, day: Day, which: "all" | "away" | "home", factor: number): Slice[] {
  const { lines } = tables;
  const each = lines.minutes(line) * MINUTE;
  return occurrencesOf(tables, line, day)
    .filter(({ away }) => which === "all" || away === (which === "away"))
    .map(({ at, part }) => ({ from: at, until: at + each, weight: part * lines.staffing(line) * factor }))
    .filter(({ from, until }) => until > from);
}

/** Basis granted: what is granted and the client was at home for, day by day, whoever came. */
export function grantedPieces({ tables }: World, rows: MonthRows): Piece[] {
  const pieces: Piece[] = [];
  const died = tables.clients.deceasedOn(rows.client);
  for (const row of rows.all()) {
    if (!holdsOrder(tables, row) || row.granted === 0) continue;
    if (!row.segments.some((segment) => segment.inForce !== null && segment.basis === "granted")) continue;
    const gross = grossMinutes(tables, row.line, rows.first, rows.last);
    const net = gross.granted - gross.absent;
    if (net <= 0) continue;
    const factor = (row.granted - row.absent) / net;
    for (let day = rows.first; day <= rows.last; day++) {
      const segment = segmentOf(row, day)!;
      if (segment.inForce === null || segment.basis !== "granted" || !inForce(tables, row.line, day)) continue;
      // From a death on, what the contract pays for that counts instead.
      if (died !== NO_DAY && (day > died || (day === died && segment.terms.deathPaid.length > 0))) continue;
      const piece = without("granted", row, segment, day);
      take(piece, "basis", dueSlices(tables, row.line, day, "home", factor), "beviljad tid ersätts, inte utförd");
      if (piece.ms > 0) pieces.push(piece);
    }
  }
  return pieces;
}

/** Declined and unanswered visits, by what was planned. */
export function vainPieces(world: World, rows: MonthRows): Piece[] {
  const { tables, matches, matcher } = world;
  const { plans, visits, absences } = tables;
  const pieces: Piece[] = [];
  for (const plan of rows.vain) {
    const frozen = plans.frozen(plan);
    const [start, end] = [plans.start(frozen), plans.end(frozen)];
    if (!(end > start)) continue;
    const day = dayOf(start);
    const visit = matches.visit(plan);
    const status = visits.status(visit);
    const shares = matcher.ofPlan(plan, day);
    const ofPlan = rows.rowsOf(shares, plans.provider(frozen), plans.unit(frozen), plans.services(frozen));
    for (const [position, row] of ofPlan.entries()) {
      const segment = segmentOf(row, day)!;
      const { terms, service } = segment;
      const paid = status === "declined" ? terms.declinedShare(service) : terms.noAnswerShare;
      if (row.line < 0 || segment.inForce === null || paid === 0 || paidAnyway(segment)) continue;
      const piece: Piece = {
        ...without(status === "declined" ? "declined" : "noAnswer", row, segment, day),
        visit,
        plan,
        staff: visits.staff(visit),
        start,
        end,
        part: shares.parts[position] ?? 1,
        fullMs: (end - start) * (shares.parts[position] ?? 1),
      };
      const step = status === "declined" ? "declined" : "no-answer";
      const within = status === "declined" ? terms.declinedWithinMs : null;
      const notified = visits.declinedNotifiedAt(visit);
      const away = absences.covering(rows.client, start, start + 1) >= 0;
      const no = (why: string) => take(piece, step, [], why, true);
      if (visits.receivedAt(visit) > segment.cutOff) no(lateReason(segment));
      else if (away && status === "declined") no("brukaren var frånvarande");
      // Somebody came in vain because the client was away: that is paid once, by the one term or the other.
      else if (away && terms.absence.paid.length > 0) no("frånvaro: avtalets villkor för den gäller");
      else if (within !== null && Number.isNaN(notified)) no("avbokad, men det är okänt när");
      else if (within !== null && start - notified >= within) no(`avbokad minst ${within / 3_600_000} timmar i förväg`);
      else {
        const why = `${paid * 100} % av planerad tid, ${status === "declined" ? "avbokat besök" : "ingen öppnade"}`;
        take(piece, step, [{ from: start, until: end, weight: piece.part * paid }], why);
      }
      pieces.push(piece);
    }
  }
  return pieces;
}

interface Episode {
  from: Instant;
  /** First day without a visit. */
  first: Day;
  /** First instant after it. */
  until: Instant;
  /** Null: the source does not say. */
  planned: boolean | null;
  /** Day on which it was told of; null unknown. */
  notified: Day | null;
}

/** A client's absences, those that follow on each other as one, with the first day on which a provider did not come. */
function episodesOf({ tables }: World, rows: MonthRows, provider: number): Episode[] {
  const { absences, visits, orders, lines, period } = tables;
  const joined: Array<{ from: number; until: number; rows: number[] }> = [];
  for (const absence of rowsOf(absences.byClient, rows.client)) {
    const last = joined.at(-1);
    if (last !== undefined && absences.from(absence) <= last.until) {
      last.until = Math.max(last.until, absences.until(absence));
      last.rows.push(absence);
    } else joined.push({ from: absences.from(absence), until: absences.until(absence), rows: [absence] });
  }
  const visited = new Set<Day>();
  for (const visit of rowsOf(visits.byClient, rows.client)) {
    if (visits.performed(visit) && visits.provider(visit) === provider) visited.add(visits.day(visit));
  }
  // Of days before those that are read, the order tells whether anybody was to come before the client left.
  const came = (day: Day, from: number): boolean => {
    if (day >= period.from) return visited.has(day);
    if (dayOf(from) !== day) return false;
    return [...rowsOf(orders.byClient, rows.client)].some(
      (order) =>
        orders.provider(order) === provider &&
        [...rowsOf(lines.byOrder, order)].some(
          (line) => inForce(tables, line, day) && occurrencesOf(tables, line, day).some(({ away }) => !away),
        ),
    );
  };
  return joined.map(({ from, until, rows: ofEpisode }) => {
    let first = dayOf(from);
    while (startOfDay(first) < until && came(first, from)) first++;
    const known = ofEpisode[0]!;
    const notified = absences.notifiedAt(known);
    return {
      from,
      first,
      until,
      planned: absences.planned(known),
      notified: Number.isNaN(notified) ? null : dayOf(notified),
    };
  });
}

/** Unplanned absence: so many days in order are paid in part, from the first day without a visit on. */
export function absencePieces(world: World, rows: MonthRows): Piece[] {
  const { tables } = world;
  const { absences, clients, orders, lines } = tables;
  if (absences.byClient.offsets[rows.client] === absences.byClient.offsets[rows.client + 1]) return [];
  const died = clients.deceasedOn(rows.client);
  const byProvider = new Map<number, Episode[]>();
  const pieces: Piece[] = [];
  for (const row of rows.all()) {
    if (!holdsOrder(tables, row) || row.absent === 0) continue;
    if (row.segments.every(({ inForce, terms }) => inForce === null || terms.absence.paid.length === 0)) continue;
    const provider = orders.provider(row.order);
    const episodes = byProvider.get(provider) ?? episodesOf(world, rows, provider);
    byProvider.set(provider, episodes);
    const scale = decisionScale(tables, row, rows);
    for (let day = rows.first; day <= rows.last; day++) {
      if (!inForce(tables, row.line, day) || (died !== NO_DAY && day >= died)) continue;
      const segment = segmentOf(row, day)!;
      const { noticeDays, paid } = segment.terms.absence;
      if (segment.inForce === null || paid.length === 0 || segment.basis === "monthly") continue;
      const away = dueSlices(tables, row.line, day, "away", scale);
      if (away.length === 0) continue;
      // A client may come home and leave again on one day.
      const episode =
        episodes.find(({ from, until }) => from <= away[0]!.from && away[0]!.from < until) ??
        episodes.find(({ from, until }) => dayOf(from) <= day && startOfDay(day) < until)!;
      const piece = without("absence", row, segment, day);
      piece.fullMs = lines.minutes(row.line) * MINUTE;
      const number = day - episode.first + 1;
      const share = paid[number - 1] ?? 0;
      if (number < 1) take(piece, "absence", [], "den dagen hade besök", true);
      else if (episode.planned === true) take(piece, "absence", [], "planerad frånvaro", true);
      else if (noticeDays !== null && episode.notified !== null && episode.first - episode.notified >= noticeDays) {
        take(piece, "absence", [], `anmäld minst ${noticeDays} dagar i förväg`, true);
      } else if (share === 0) take(piece, "absence", [], `frånvaro efter dag ${paid.length} ersätts inte`, true);
      else {
        const slices = away.map((slice) => ({ ...slice, weight: slice.weight * share }));
        piece.open = episode.planned === null && episode.notified === null;
        const why = piece.open
          ? `frånvaro dag ${number}, ${share * 100} %: okänt om den var planerad`
          : `oplanerad frånvaro dag ${number}, ${share * 100} %`;
        take(piece, "absence", slices, why);
      }
      pieces.push(piece);
    }
  }
  return pieces;
}

/** Days after a death: a part of what would have been granted, less what is paid for visits that were performed. */
export function deathPieces({ tables }: World, rows: MonthRows, performed: readonly Piece[]): Piece[] {
  const { clients, lines } = tables;
  const died = clients.deceasedOn(rows.client);
  if (died === NO_DAY || died > rows.last) return [];
  const owed: Array<{ piece: Piece; share: number; slices: Slice[]; due: number; done: number }> = [];
  /** Performed above what is due of a line: it is for the other lines of its order and service. By group, then day. */
  const beyond: number[][] = [];
  for (const row of rows.all()) {
    if (!holdsOrder(tables, row) || !inForce(tables, row.line, died)) continue;
    const scale = decisionScale(tables, row, rows);
    for (let day = Math.max(died, rows.first); day <= rows.last; day++) {
      const segment = segmentOf(row, day)!;
      const share =
        segment.inForce === null || segment.basis === "monthly" ? 0 : (segment.terms.deathPaid[day - died] ?? 0);
      if (share === 0) continue;
      const slices = dueSlices(tables, row.line, day, "all", share * scale);
      const due = sumOf(slices);
      if (due === 0) continue;
      let done = 0;
      for (const other of performed) if (other.row === row && other.day === day) done += other.ms;
      const ofGroup = (beyond[row.group] ??= []);
      ofGroup[day - died] = (ofGroup[day - died] ?? 0) + Math.max(0, done - due);
      const piece = without("death", row, segment, day);
      piece.fullMs = lines.minutes(row.line) * MINUTE;
      owed.push({ piece, share, slices, due, done });
    }
  }
  for (const { piece, share, slices, due, done } of owed) {
    const ofGroup = beyond[piece.row.group]!;
    const number = piece.day - died;
    const others = Math.min(Math.max(0, due - done), ofGroup[number]!);
    ofGroup[number]! -= others;
    const left = Math.max(0, due - done - others);
    const less = done + others > 0 ? `, mindre utförda ${Math.floor((done + others) / MINUTE + 0.5)} minuter` : "";
    const why = `${share * 100} % av beviljad tid, dag ${number + 1} efter dödsfall${less}`;
    take(
      piece,
      "death",
      slices.map((slice) => ({ ...slice, weight: (slice.weight * left) / due })),
      why,
    );
  }
  return owed.map(({ piece }) => piece).filter(({ ms }) => ms > 0);
}

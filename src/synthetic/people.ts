import { checkDigit } from "#model";
import type { Random } from "./random.ts";

const givenNames =
  "Agda Albin Alma Alrik Anna Arvid Astrid Axel Bertil Bo Britta Carin Dagny Edit Edvin Einar Elin Ellen Elsa Emil Erik Ester Evert Folke Frida Georg Gerda Greta Gunhild Gunnar Gustav Hanna Harald Hedvig Helge Henning Hilda Hilding Hjalmar Holger Hulda Ida Inga Ivar Jenny Judit Karin Knut Lars Linnea Lisa Lovisa Maja Malte Maria Märta Nanna Nils Olga Olof Oskar Ragnar Ragnhild Rakel Rut Sally Selma Signe Sigrid Sigurd Sixten Sofia Sten Sture Svea Sven Tage Tea Tora Torsten Tyra Ulla Valborg Valdemar Vera Viktor Vilma Viola".split(
    " ",
  );
const familyStarts =
  "Björk Blom Brink Dal Ek Eng Falk Fors Gran Grön Hag Hall Hed Hell Holm Kvist Lind Ljung Lund Löv Mal Mo Nord Ny Ros Rud Sand Sjö Skog Sten Strand Ström Sund Söder Tall Väster Wall Ås Åker Öster".split(
    " ",
  );
const familyEnds = "berg blad dahl fors gren kvist lid löf man mark quist ryd rot stedt sten ström vall ö".split(" ");

/** Names and personal identity numbers of invented people; every number is given once. */
export interface PeopleSource {
  name: () => string;
  personalIdentityNumber: () => string;
  /** A coordination number: the day is 60 more. */
  coordinationNumber: () => string;
}

/** Birth years 1880–1899: the numbers belong to nobody living. */
export function people(random: Random): PeopleSource {
  const given = new Set<string>();
  const number = (daysMore: number): string => {
    for (;;) {
      const two = (value: number) => String(value).padStart(2, "0");
      const date = `${random.int(80, 99)}${two(random.int(1, 12))}${two(random.int(1, 28) + daysMore)}`;
      const nine = `${date}${String(random.int(10, 999)).padStart(3, "0")}`;
      if (given.has(nine)) continue;
      given.add(nine);
      return `18${nine}${checkDigit(nine)}`;
    }
  };
  return {
    name: () => `${random.pick(givenNames)} ${random.pick(familyStarts)}${random.pick(familyEnds)}`,
    personalIdentityNumber: () => number(0),
    coordinationNumber: () => number(60),
  };
}

/** A valid organisation number: ten digits, the third at least 2, the same check digit. */
export function organisationNumber(random: Random, group: "2120" | "5569"): string {
  const nine = `${group}${random.int(10_000, 99_999)}`;
  return `${nine.slice(0, 6)}-${nine.slice(6)}${checkDigit(nine)}`;
}

import { describe, expect, test } from "vitest";
import { attachmentName, attachmentType } from "#case";

const bytes = (text: string) => new TextEncoder().encode(text);
const zip = (...names: string[]) => bytes(`PK\u0003\u0004${names.join("|")}`);

describe("what may be attached", () => {
  test("is told from the content, whatever the file is called", () => {
    expect(attachmentType(bytes("%PDF-1.7 …"))).toBe("application/pdf");
    expect(attachmentType(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0))).toBe("image/png");
    expect(attachmentType(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).toBe("image/jpeg");
    expect(attachmentType(zip("[Content_Types].xml", "word/document.xml"))).toMatch(/wordprocessingml/);
    expect(attachmentType(zip("[Content_Types].xml", "xl/workbook.xml"))).toMatch(/spreadsheetml/);
    // Kept and handed out as text, whatever it would be elsewhere.
    expect(attachmentType(bytes("<script>alert(1)</script>"))).toBe("text/plain");
    expect(attachmentType(bytes("kolumn;värde\r\n=1+1;\u202Egnir"))).toBe("text/plain");
  });

  test("is no program, archive, document with macros, or nothing", () => {
    expect(attachmentType(new Uint8Array(0))).toBeNull();
    expect(attachmentType(bytes("MZ\u0000\u0003"))).toBeNull();
    expect(attachmentType(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46))).toBeNull();
    expect(attachmentType(zip("evil.exe"))).toBeNull();
    expect(attachmentType(zip("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"))).toBeNull();
    expect(attachmentType(Uint8Array.of(0xc3, 0x28))).toBeNull();
  });

  test("is called by a name that is what it looks like", () => {
    expect(attachmentName("C:\\Eva\\svar.pdf")).toBe("svar.pdf");
    expect(attachmentName("../../etc/passwd")).toBe("passwd");
    expect(attachmentName("ofarlig\u202Efdp.exe")).toBe("ofarligfdp.exe");
    expect(attachmentName("a\r\nSet-Cookie: x.txt")).toBe("aSet-Cookie: x.txt");
    expect(attachmentName(" ")).toBe("bilaga");
    expect(attachmentName(`${"å".repeat(300)}.pdf`)).toHaveLength(120);
  });
});

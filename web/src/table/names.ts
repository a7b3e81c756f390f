/** The names of column types for the reader. */

import { locale } from "../i18n";

const RUSSIAN: Record<string, string> = {
  Integer: "целое",
  Float: "дробное",
  String: "текст",
  Bool: "логическое",
  Date: "дата",
  Currency: "деньги",
  Null: "пусто",
  Mixed: "разное",
};

const ENGLISH: Record<string, string> = {
  Integer: "integer",
  Float: "float",
  String: "text",
  Bool: "bool",
  Date: "date",
  Currency: "currency",
  Null: "null",
  Mixed: "mixed",
};

/** The type's name in the current language; a type that we do not know as it is. */
export function typeName(type: string): string {
  return (locale() === "ru" ? RUSSIAN : ENGLISH)[type] ?? type;
}

/** The names of column types for the reader. */

import { locale } from "../i18n";

const RUSSIAN: Record<string, string> = {
  Integer: "целое число",
  Float: "число",
  String: "текст",
  Bool: "логическое значение",
  Date: "дата",
  Currency: "деньги",
  Null: "пусто",
  Mixed: "разные типы",
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

/** What `typeof` says of a value, for readers of Russian; English reads the language's own words. */
const VALUES: Record<string, string> = {
  int: "целое число",
  float: "число",
  string: "текст",
  bool: "логическое значение",
  null: "пусто",
  array: "массив",
  object: "объект",
  currency: "деньги",
  path: "путь",
  pathpattern: "шаблон путей",
  table: "таблица",
  tablecolumn: "столбец",
  tableindexer: "строки таблицы",
  chart: "диаграмма",
  report: "отчёт",
};

/** The name of a value's type in the current language. */
export function valueTypeName(type: string): string {
  return locale() === "ru" ? (VALUES[type] ?? type) : type;
}

/** The type's name in the current language; a type that we do not know as it is. */
export function typeName(type: string): string {
  return (locale() === "ru" ? RUSSIAN : ENGLISH)[type] ?? type;
}

/** The sample programs, in both languages. Every one runs on a fresh session; a test sees to it. */

import type { Locale } from "./i18n";

export interface Sample {
  readonly name: string;
  readonly about: string;
  readonly code: string;
}

const russian: Sample[] = [
  {
    name: "Первые шаги",
    about: "Переменные, условия, циклы и печать",
    code: `# Первая программа: склад и заказ
global stock = [
    {item: "болты", left: 12, min: 50},
    {item: "гайки", left: 80, min: 50},
    {item: "шайбы", left: 5, min: 30}
]

total = 0
for entry in stock do
    if entry.left < entry.min do
        need = entry.min - entry.left
        print("Заказать:", entry.item, need)
        total = total + need
    else
        print("Хватает:", entry.item)
    endif
next entry

print("Всего заказать:", total)
`,
  },
  {
    name: "Функции",
    about: "Свои функции, рекурсия, map, filter и reduce",
    code: `# Функции: свои, рекурсивные и над массивами
function factorial(n) do
    if n <= 1 do
        return 1
    endif
    return n * factorial(n - 1)
endfunction

function square(x) do
    return x * x
endfunction

function is_big(x) do
    return x > 20
endfunction

function add(a, b) do
    return a + b
endfunction

print("10! =", factorial(10))

squares = map(range(1, 11), "square")
print("Квадраты:", squares)
print("Больше 20:", filter(squares, "is_big"))
print("Сумма:", reduce(squares, "add"))
`,
  },
  {
    name: "Таблица",
    about: "Таблица, отбор, сортировка и график",
    code: `# Таблица продаж. Над каждой таблицей — кнопки фильтра, графика и сохранения.
names = ["месяц", "город", "товар", "сумма", "скидка"]
rows = []
cities = ["Москва", "Казань", "Томск"]
goods = ["болты", "гайки", "шайбы"]
for month in range(1, 13) do
    for pair in enum(cities) do
        place = pair[0]
        sum_ = 1000 + month * 130 + place * 700 - (month % 4) * 250
        discount = null
        if month % 3 == 0 do
            discount = 0.05 * (place + 1)
        endif
        day = "2024-"
        if month < 10 do
            day = day + "0"
        endif
        rows = push(rows, [day + month + "-01", pair[1], goods[(month + place) % 3], sum_, discount])
    next pair
next month

global sales = table(rows, names)
table_info(sales)
show_table(sales)

print("Лучшие продажи:")
best = table_sort(table_where(sales, "сумма", ">", 3000), "сумма", false)
table_head(best, 5)
`,
  },
  {
    name: "Продажи за три года",
    about: "Готовые данные: 36 месяцев продаж, группы и диаграмма",
    code: `# Продажи магазина за 2023–2025 годы. Эти данные есть в DataCode всегда: sample://
sales = read_file("sample://sales.csv")
products = read_file("sample://products.csv")
sales = table_add_column(sales, "выручка", expression="quantity * price * (1 - discount)")
lines = table_join(sales, table_rename(products, {price: "цена", name: "товар"}), [["product_id", "id"]], "left")

show_chart(chart(lines, "stacked", "date", "выручка", every="month", by="category", title="Выручка по месяцам"))
print("Лучшие товары:")
best = table_sort(table_group(lines, "товар", {"выручка": ["выручка", "sum"], "продаж": ["id", "count"]}), "выручка", false)
table_head(best, 10)
`,
  },
  {
    name: "Отчёт за месяц",
    about: "Блоки, итоги месяца и диаграмма; над выводом — HTML и PDF",
    code: `# %% Данные
sales = read_file("sample://sales.csv")
customers = read_file("sample://customers.csv")
sales = table_add_column(sales, "выручка", expression="quantity * price * (1 - discount)")
year = sales["date >= '2025-01-01'"]

# %% По месяцам
months = table_months(year, "date", {"выручка": ["выручка", "sum"], "заказов": ["id", "count"]})
show_chart(chart(months, "bar", "date", "выручка", title="Выручка по месяцам 2025 года"))
months

# %% Клиенты декабря
december = year["date >= '2025-12-01'"]
named = table_join(december, table_rename(customers, {name: "клиент"}), [["customer_id", "id"]], "left")
table_sort(table_group(named, "клиент", {"выручка": ["выручка", "sum"], "заказов": ["id", "count"]}), "выручка", false)
`,
  },
  {
    name: "Ошибки",
    about: "try, catch, finally и throw",
    code: `# Ошибки можно перехватить и обработать
function parse_price(text) do
    value = float(text)
    if value < 0 do
        throw "цена не может быть отрицательной: " + text
    endif
    return value
endfunction

for text in ["12.50", "abc", "-3", "99"] do
    try
        print(text, "→", parse_price(text))
    catch problem
        print("не принято:", problem)
    finally
        print("проверено:", text)
    endtry
next text
`,
  },
  {
    name: "Тексты и даты",
    about: "Разбор строк, подсчёт слов, проверка дат и денег",
    code: `# Работа с текстом
text = "Чай и кофе, кофе и молоко, чай без сахара"
words = split(lower(text), " ")

counts = {}
for word in words do
    clean = join(split(word, ","), "")
    try
        counts[clean] = counts[clean] + 1
    catch
        counts[clean] = 1
    endtry
next word

for word, count_ in counts do
    if count_ > 1 do
        print(word, "встречается", count_, "раза")
    endif
next word, count_

for value in ["2024-02-29", "2023-02-29", "31.12.2024", "$19.99", "100 руб"] do
    print(value, "— дата:", isinstance(value, "date"), "деньги:", isinstance(value, "money"))
next value
`,
  },
  {
    name: "Долгий счёт",
    about: "Вывод по ходу выполнения; Esc останавливает",
    code: `# Простые числа. Вывод идёт по ходу счета, остановить — Esc.
function is_prime(n) do
    for d in range(2, int(sqrt(n)) + 1) do
        if n % d == 0 do
            return false
        endif
    next d
    return true
endfunction

found = 0
for n in range(2, 60000) do
    if is_prime(n) do
        found = found + 1
        if found % 500 == 0 do
            print(found, "простых чисел до", n)
        endif
    endif
next n
print("Всего:", found)
`,
  },
];

const english: Sample[] = [
  {
    name: "First steps",
    about: "Variables, conditions, loops and printing",
    code: `# A first program: what has to be ordered
global stock = [
    {item: "bolts", left: 12, min: 50},
    {item: "nuts", left: 80, min: 50},
    {item: "washers", left: 5, min: 30}
]

total = 0
for entry in stock do
    if entry.left < entry.min do
        need = entry.min - entry.left
        print("Order:", entry.item, need)
        total = total + need
    else
        print("Enough:", entry.item)
    endif
next entry

print("To order in all:", total)
`,
  },
  {
    name: "Functions",
    about: "Your own functions, recursion, map, filter and reduce",
    code: `# Functions: your own, recursive ones, and functions over arrays
function factorial(n) do
    if n <= 1 do
        return 1
    endif
    return n * factorial(n - 1)
endfunction

function square(x) do
    return x * x
endfunction

function is_big(x) do
    return x > 20
endfunction

function add(a, b) do
    return a + b
endfunction

print("10! =", factorial(10))

squares = map(range(1, 11), "square")
print("Squares:", squares)
print("Above 20:", filter(squares, "is_big"))
print("Sum:", reduce(squares, "add"))
`,
  },
  {
    name: "A table",
    about: "A table, choosing rows, sorting and a chart",
    code: `# A table of sales. Above each table are buttons to filter, chart and save it.
names = ["month", "city", "item", "amount", "discount"]
rows = []
cities = ["Leeds", "York", "Bath"]
goods = ["bolts", "nuts", "washers"]
for month in range(1, 13) do
    for pair in enum(cities) do
        place = pair[0]
        amount = 1000 + month * 130 + place * 700 - (month % 4) * 250
        discount = null
        if month % 3 == 0 do
            discount = 0.05 * (place + 1)
        endif
        day = "2024-"
        if month < 10 do
            day = day + "0"
        endif
        rows = push(rows, [day + month + "-01", pair[1], goods[(month + place) % 3], amount, discount])
    next pair
next month

global sales = table(rows, names)
table_info(sales)
show_table(sales)

print("Best sales:")
best = table_sort(table_where(sales, "amount", ">", 3000), "amount", false)
table_head(best, 5)
`,
  },
  {
    name: "Three years of sales",
    about: "Data at hand: 36 months of sales, groups and a chart",
    code: `# The sales of a shop from 2023 to 2025. DataCode always has them: sample://
sales = read_file("sample://sales.csv")
products = read_file("sample://products.csv")
sales = table_add_column(sales, "revenue", expression="quantity * price * (1 - discount)")
lines = table_join(sales, table_rename(products, {price: "list_price", name: "product"}), [["product_id", "id"]], "left")

show_chart(chart(lines, "stacked", "date", "revenue", every="month", by="category", title="Revenue by month", language="en"))
print("Best products:")
best = table_sort(table_group(lines, "product", {"revenue": ["revenue", "sum"], "sales": ["id", "count"]}), "revenue", false)
table_head(best, 10)
`,
  },
  {
    name: "A monthly report",
    about: "Blocks, the figures of a month and a chart; HTML and PDF above the output",
    code: `# %% Data
sales = read_file("sample://sales.csv")
customers = read_file("sample://customers.csv")
sales = table_add_column(sales, "revenue", expression="quantity * price * (1 - discount)")
year = sales["date >= '2025-01-01'"]

# %% By month
months = table_months(year, "date", {"revenue": ["revenue", "sum"], "orders": ["id", "count"]})
show_chart(chart(months, "bar", "date", "revenue", title="Revenue by month, 2025"))
months

# %% Customers of December
december = year["date >= '2025-12-01'"]
named = table_join(december, table_rename(customers, {name: "customer"}), [["customer_id", "id"]], "left")
table_sort(table_group(named, "customer", {"revenue": ["revenue", "sum"], "orders": ["id", "count"]}), "revenue", false)
`,
  },
  {
    name: "Errors",
    about: "try, catch, finally and throw",
    code: `# Errors can be caught and dealt with
function parse_price(text) do
    value = float(text)
    if value < 0 do
        throw "a price cannot be negative: " + text
    endif
    return value
endfunction

for text in ["12.50", "abc", "-3", "99"] do
    try
        print(text, "→", parse_price(text))
    catch problem
        print("refused:", problem)
    finally
        print("checked:", text)
    endtry
next text
`,
  },
  {
    name: "Texts and dates",
    about: "Taking texts apart, counting words, testing dates and money",
    code: `# Working with text
text = "Tea and coffee, coffee and milk, tea without sugar"
words = split(lower(text), " ")

counts = {}
for word in words do
    clean = join(split(word, ","), "")
    try
        counts[clean] = counts[clean] + 1
    catch
        counts[clean] = 1
    endtry
next word

for word, count_ in counts do
    if count_ > 1 do
        print(word, "appears", count_, "times")
    endif
next word, count_

for value in ["2024-02-29", "2023-02-29", "31.12.2024", "$19.99", "100 quid"] do
    print(value, "- date:", isinstance(value, "date"), "money:", isinstance(value, "money"))
next value
`,
  },
  {
    name: "A long count",
    about: "Output while the program runs; Esc stops it",
    code: `# Prime numbers. Output arrives while it counts; Esc stops it.
function is_prime(n) do
    for d in range(2, int(sqrt(n)) + 1) do
        if n % d == 0 do
            return false
        endif
    next d
    return true
endfunction

found = 0
for n in range(2, 60000) do
    if is_prime(n) do
        found = found + 1
        if found % 500 == 0 do
            print(found, "primes up to", n)
        endif
    endif
next n
print("In all:", found)
`,
  },
];

export const samples: Record<Locale, Sample[]> = { ru: russian, en: english };

"""Writes tests/goldens/personal-data.jsonl: sentences in which personal data and secrets are marked by whoever wrote
them, and sentences that hold what only looks like it. Nothing here knows how Tabtune finds them.

    python3 tools/reference/personal_data.py

Each line is {"language", "parts"}; a part is text, or {"kind", "value"} for what should be found, its value in pieces so
that scanners of repositories do not take these made-up keys for real ones. Card numbers get their check digit (Luhn)
and IBANs theirs (ISO 7064, modulo 97-10) here; keys come of a seeded generator and open nothing.
"""

import base64
import json
import pathlib
import random
import string

rng = random.Random(20)
lines = []


def row(language, text, *values):
    """`text` has one {} for each (kind, value)."""
    pieces = text.split("{}")
    assert len(pieces) == len(values) + 1, text
    parts = []
    for i, piece in enumerate(pieces):
        if piece:
            parts.append(piece)
        if i < len(values):
            kind, value = values[i]
            cut = max(1, len(value) // 3)
            parts.append({"kind": kind, "value": [value[:cut], value[cut:]]})
    lines.append({"language": language, "parts": parts})


def none(language, *texts):
    for text in texts:
        lines.append({"language": language, "parts": [text]})


def luhn(prefix, length):
    digits = prefix + "".join(rng.choice(string.digits) for _ in range(length - len(prefix) - 1))
    total = 0
    for i, c in enumerate(reversed(digits)):
        d = int(c)
        if i % 2 == 0:
            d = d * 2 - 9 if d > 4 else d * 2
        total += d
    return digits + str(-total % 10)


def groups(digits, sizes, sign):
    out, at = [], 0
    for size in sizes:
        out.append(digits[at : at + size])
        at += size
    assert at == len(digits)
    return sign.join(out)


def some(alphabet, count):
    return "".join(rng.choice(alphabet) for _ in range(count))


ALNUM = string.ascii_letters + string.digits
URL64 = ALNUM + "-_"

# --- e-mail ---------------------------------------------------------------------------------------------------------
emails = [
    "anna.schmidt@example.org", "j.doe+news@mail.example.com", "info@kanzlei-huber.de", "maria_garcia92@correo.es",
    "o'brien@dublin-law.ie", "support@sub.domain.example.co.uk", "x@y.io", "first.last@university.ac.jp",
    "IVAN.PETROV@EXAMPLE.RU", "li.wei@qq-mail.cn", "contact@müller-söhne.de", "jean-luc.picard@starfleet.fr",
    "user%routed@relay.example.net", "1234567@number.example.com", "a.b.c.d@e.f.g.museum", "hr_team@my-company.travel",
    "josé@ejemplo.mx", "press@xn--bcher-kva.example", "sales.eu@shop24.eu", "nurse.joy@clinic.health",
]
email_texts = [
    ("en", "Please write to {} before Friday."), ("en", "Contact: <{}>"), ("en", "My address is {}."),
    ("de", "Schreiben Sie bitte an {}, wir antworten bald."), ("fr", "Écrivez-nous (à {}) pour plus d'informations."),
    ("es", "Mi correo es {}; escríbeme."), ("en", "mailto:{}?subject=Hello"), ("en", "\"{}\" was copied in."),
    ("en", "From: Someone\nReply-To: {}\nSubject: Hi"), ("en", "[write me](mailto:{})"),
]
for i, email in enumerate(emails):
    for j in range(2):
        language, text = email_texts[(3 * i + 5 * j) % len(email_texts)]
        row(language, text, ("email", email))
row("en", "Send it to {} and {}, not to me.", ("email", "tom@example.com"), ("email", "tim@example.com"))
row("en", "{},{};{}", ("email", "a@example.org"), ("email", "b@example.org"), ("email", "c@example.org"))
row("en", "He signed as Bob ({}) on 2024-03-01.", ("email", "bob@builders.example"))
row("en", "owner={} plan=free", ("email", "kim@startup.dev"))

none(
    "en",
    "Follow us at @tabtune or @data_people on any network.",
    "Use `@app.route('/home')` above the function.",
    "Clone it with git@github.com:someone/project.git and run make.",
    "The picture is icon@2x.png, beside icon@3x.png.",
    "Install lodash@4.17.21 and react@18.2.0 first.",
    "Import it as @scope/package in your file.",
    "He paid 3 @ 4.50 each.",
    "Meet @ noon, at the gate.",
    "The matrix product A@B.T is what numpy writes with an at sign... A @ B",
    "An address has a local part, an @ and a domain.",
    "She shouted @#$%! and left.",
    "Java has @Override, @Deprecated and @SuppressWarnings.",
    "user@localhost is not reachable from outside.",
    "The commit 9fceb02@main was tagged.",
    "@media (max-width: 600px) { body { margin: 0 } }",
)

# --- telephone numbers ----------------------------------------------------------------------------------------------
phones = [
    ("en", "+1 212-555-0147"), ("en", "(415) 555-2671"), ("en", "415-555-2671"), ("en", "+1 (650) 253-0000"),
    ("en", "1-800-356-9377"), ("en", "650.253.0000"), ("en", "+44 20 7946 0958"), ("en", "020 7946 0958"),
    ("en", "+44 7911 123456"), ("en", "07911 123456"), ("en", "+44 (0)20 7031 3000"), ("en", "0161 496 0000"),
    ("en", "+61 2 9374 4000"), ("en", "+353 1 543 4500"), ("en", "+64 9 887 6986"), ("en", "+91 98765 43210"),
    ("de", "+49 30 901820"), ("de", "030 901820"), ("de", "0171 2345678"), ("de", "+49 (0)89 636-48018"),
    ("de", "089/636-48018"), ("de", "+43 1 5872600"), ("de", "+41 44 668 18 00"), ("de", "044 668 18 00"),
    ("fr", "+33 1 42 68 53 00"), ("fr", "01 42 68 53 00"), ("fr", "06 12 34 56 78"), ("fr", "06.12.34.56.78"),
    ("fr", "+32 2 555 12 12"), ("es", "+34 912 345 678"), ("es", "+52 55 5128 0000"), ("es", "+54 11 4321-1110"),
    ("es", "+57 1 3950000"), ("pt", "+55 11 2395-8400"), ("pt", "+351 21 342 4506"), ("it", "+39 06 6982"),
    ("it", "+39 02 8646 4900"), ("it", "06 6988 3462"), ("nl", "+31 20 570 5200"), ("nl", "020 570 5200"),
    ("pl", "+48 22 207 19 00"), ("cs", "+420 221 980 111"), ("sv", "+46 8 508 00 000"), ("da", "+45 33 92 00 00"),
    ("no", "+47 22 05 66 00"), ("fi", "+358 9 310 1691"), ("ru", "+7 495 739-70-00"), ("uk", "+380 44 255 7333"),
    ("tr", "+90 212 326 64 34"), ("el", "+30 21 0345 0000"), ("ar", "+966 11 461 0000"), ("he", "+972 74-746-6453"),
    ("hi", "+91 22 6611 7150"), ("ja", "+81 3-6384-9000"), ("ja", "03-6384-9000"), ("ko", "+82 2-531-9000"),
    ("ko", "02-531-9000"), ("zh", "+86 10 6250 3000"), ("zh", "+852 3923 5400"), ("vi", "+84 24 3825 7863"),
    ("th", "+66 2 263 5000"), ("id", "+62 21 3925 2727"), ("en", "+27 11 282 0000"), ("en", "+254 20 271 2000"),
    ("en", "+234 1 904 5000"), ("en", "0044 20 7946 0958"), ("en", "+14155552671"), ("en", "+442079460958"),
    ("de", "+4930901820"), ("fr", "+33612345678"),
]
phone_texts = {
    "en": ["Call me on {} after six.", "Tel: {}", "You can reach us ({}) any day.", "Our number is {}."],
    "de": ["Rufen Sie uns unter {} an.", "Telefon: {}", "Sie erreichen mich unter {}."],
    "fr": ["Appelez le {} le matin.", "Tél. : {}", "Mon numéro : {}."],
    "es": ["Llámame al {}.", "Teléfono: {}"], "pt": ["Ligue para {}.", "Telefone: {}"],
    "it": ["Chiamate il {}.", "Tel. {}"], "nl": ["Bel {} voor een afspraak.", "Telefoon: {}"],
    "pl": ["Proszę dzwonić: {}."], "cs": ["Volejte {}."], "sv": ["Ring {}."], "da": ["Ring til {}."],
    "no": ["Ring {}."], "fi": ["Soita {}."], "ru": ["Звоните: {}.", "Телефон {}"], "uk": ["Телефон: {}."],
    "tr": ["Telefon: {}"], "el": ["Τηλέφωνο: {}"], "ar": ["هاتف: {}"], "he": ["טלפון: {}"], "hi": ["फ़ोन: {}"],
    "ja": ["電話:{}"], "ko": ["전화: {}"], "zh": ["电话:{}"], "vi": ["Điện thoại: {}"], "th": ["โทร {}"],
    "id": ["Telepon: {}"],
}
for i, (language, phone) in enumerate(phones):
    texts = phone_texts[language]
    row(language, texts[i % len(texts)], ("phone", phone))
row("en", "Cell {} or work {}.", ("phone", "(212) 555-0123"), ("phone", "(212) 555-0199"))
row("en", "mobile {}", ("phone", "4155552671"))
row("en", "WhatsApp: {}", ("phone", "+5511987654321"))
row("fr", "Portable : {}", ("phone", "0612345678"))
row("de", "Handy: {}, abends", ("phone", "01712345678"))
row("es", "Mi móvil es el {}.", ("phone", "612 345 678"))
row("pt", "Celular: {}", ("phone", "(11) 98765-4321"))
row("pl", "tel. {}", ("phone", "22 207 19 00"))
row("ru", "тел. {}", ("phone", "8 (495) 739-70-00"))

none(
    "en",
    "Version 10.0.19045.3803 replaced 10.0.19044.1288.",
    "The ISBN is 978-0-306-40615-7, or 0-306-40615-2 in the older form.",
    "ISBN 978 3 16 148410 0",
    "On 2024-01-15 and again on 15.01.2024 it rained.",
    "Between 1914-1918 and 1939-1945 nothing was printed.",
    "The bill was $1,234,567.89 and rose to 1 234 567 euros.",
    "Order 4155552671 was shipped on 03/04/2023.",
    "Order no. 100-2345678-9012345 has two items.",
    "Invoice 2023-000123-45 is open.",
    "Its serial number is 0123456789012.",
    "The server has the address 192.168.100.200 and 10.0.0.1.",
    "Pi is 3.14159265358979 and e is 2.718281828459045.",
    "The population grew from 1 234 567 to 2 345 678.",
    "Model WH-1000XM4 costs 279.99, item 5449000000996.",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "550e8400-e29b-41d4-a716-446655440000 is a UUID.",
    "The tracking code is 1Z 999 AA1 01 2345 6784.",
    "At 40.712776, -74.005974 stands a house.",
    "It took 1234567890 nanoseconds.",
    "Timestamp 1700000000, later 1700003600123.",
    "Use port 8080, 8443 or 50051.",
    "EAN 4006381333931 is on the box.",
    "The score was 21-19, 19-21, 21-18.",
    "See pages 120-135 and 1024-1036.",
    "SSN fields are three, two and four digits long.",
    "The case 1:21-cv-01234 was closed.",
    "RFC 9110, ISO 8601-1:2019 and IEC 60601-1-2 apply.",
    "Part 12-3456-789 fits the pump.",
    "The flight LH 400 leaves at 10:45 on 2025-06-01 10:45:00.",
    "A row of numbers: 1 2 3 4 5 6 7 8 9 10 11 12.",
    "Between 100 000 and 250 000 people came.",
    "DOI 10.1000/182 and 10.1038/s41586-020-2649-2",
    "arXiv:2305.14314 and arXiv:2106.09685v2",
    "The barcode says 0 12345 67890 5.",
    "It weighs 1.250.000 kg.",
    "License plate 123-456-78.",
    "The hash is e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.",
    "Ratio 16:9, size 1920x1080, 3840x2160.",
    "0.1 + 0.2 = 0.30000000000000004",
    "USD 12 500 000 were raised in 2019/2020.",
)
none(
    "de",
    "Aktenzeichen 12 O 345/21, Urteil vom 03.04.2022.",
    "Die Rechnung 2023-10-0815 über 1.234,56 € ist offen.",
    "Artikel-Nr. 123 456 789 ist lieferbar.",
    "PLZ 10115 bis 10119, Stand 31.12.2023.",
    "Von 08:00 bis 17:30 Uhr, Mo-Fr.",
    "USt-IdNr. DE123456789 steht im Impressum.",
    "Am 01.02.2023 09:30 begann die Sitzung.",
)
none(
    "fr",
    "Le budget est de 12 345 678 euros pour 2023-2024.",
    "L'article L. 121-1-2 du code, en vigueur au 01/10/2016.",
    "Commande 06123456789012 expédiée.",
    "Le 14/07/1789, puis le 11.11.1918.",
    "SIRET 732 829 320 00074",
)
none("es", "El decreto 1234/2020 y la ley 39/2015.", "Pedido 912345678 enviado el 12-05-2021.")
none("ja", "2024年1月15日に1,234,567円を支払った。", "バージョン 2.10.0 と 2.11.3")
none("zh", "订单号 20240115123456 已发货。", "共 1,234,567 人。")

# --- cards ----------------------------------------------------------------------------------------------------------
card_texts = [
    "Card: {}", "Please charge {} for it.", "My card number is {}, valid to 12/27.", "card_number={}",
    "Visa or not: {}.", "({})",
]
makers = [("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("6011", 16), ("65", 16), ("3530", 16), ("62", 16)]
for i in range(27):
    prefix, length = makers[i % len(makers)]
    number = luhn(prefix, length)
    shown = [number, groups(number, [4, 4, 4, 4], " "), groups(number, [4, 4, 4, 4], "-")][i % 3 if i < 9 else (i + i // 9) % 3]
    row("en", card_texts[i % len(card_texts)], ("card", shown))
for i in range(6):
    number = luhn(["34", "37"][i % 2], 15)
    row("en", card_texts[i % 6], ("card", [number, groups(number, [4, 6, 5], " "), groups(number, [4, 6, 5], "-")][i % 3]))
for i in range(3):
    number = luhn(["36", "38", "300"][i], 14)
    row("en", card_texts[i], ("card", groups(number, [4, 6, 4], " ")))


def broken(number):
    return number[:-1] + str((int(number[-1]) + 5) % 10)


for i, (prefix, length) in enumerate(makers):
    none("en", f"Order {broken(luhn(prefix, length))} is late.")
none(
    "en",
    "The number 1234 5678 9012 3456 is on the sample.",
    "Tracking 9400 1000 0000 0000 0000 00 was scanned.",
    "0000 0000 0000 0000",
    "Account 7992739871 fits the check digit and no issuer.",
    "IMEI 490154203237518 is printed inside.",
    "1.4111111111111111 is a decimal.",
    "the key 4111111111111111a0b0c0d0e0f01234 in hexadecimal",
)

# --- IBAN -----------------------------------------------------------------------------------------------------------
bbans = {  # examples of the structure of each country, as the registry of IBANs has them
    "DE": "370400440532013000", "GB": "NWBK60161331926819", "FR": "20041010050500013M02606", "ES": "21000418450200051332",
    "IT": "X0542811101000000123456", "NL": "ABNA0417164300", "BE": "539007547034", "CH": "00762011623852957",
    "AT": "1904300234573201", "PL": "109010140000071219812874", "SE": "50000000058398257466", "DK": "00400440116243",
    "NO": "86011117947", "FI": "12345600000785", "IE": "AIBK93115212345678", "PT": "000201231234567890154",
    "LU": "0019400644750000", "CZ": "08000000192000145399", "GR": "01101250000000012300695", "TR": "00061005197864578413 26".replace(" ", ""),
}


def iban(country, bban):
    number = "".join(str(int(c, 36)) for c in bban + country + "00")
    return f"{country}{98 - int(number) % 97:02d}{bban}"


iban_texts = ["IBAN: {}", "Please pay to {} by Monday.", "Konto {} bei der Bank.", "({})", "{} is the account."]
for i, (country, bban) in enumerate(bbans.items()):
    plain = iban(country, bban)
    spaced = " ".join(plain[j : j + 4] for j in range(0, len(plain), 4))
    row("en", iban_texts[i % 5], ("iban", plain))
    row("de", iban_texts[(i + 2) % 5], ("iban", spaced))
row("en", "{} PAID IN FULL", ("iban", "GB29 NWBK 6016 1331 9268 19"))
none(
    "en",
    "DE12 3456 7890 1234 5678 90 has a wrong check.",
    "GB00NWBK60161331926819 cannot be.",
    "The lot AB12 CD34 EF56 was sold.",
    "Form DE45-2020-B is out of print.",
    "FR7630006000011234567890188 has one digit changed.",
    "NL20 is a road, NL91 another.",
)

# --- secrets --------------------------------------------------------------------------------------------------------
BASE32 = string.ascii_uppercase + "234567"


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jwt():
    head = b64url(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = b64url(json.dumps({"sub": some(string.digits, 10), "iat": rng.randrange(10**9, 2 * 10**9)}).encode())
    return f"{head}.{body}.{some(URL64, 42)}A"


def pem(name):
    body = "\n".join(some(ALNUM + "+/", 64) for _ in range(6))
    return f"-----BEGIN {name}PRIVATE KEY-----\n{body}\n{some(ALNUM, 40)}==\n-----END {name}PRIVATE KEY-----"


token_texts = ["key: {}", "I use {} for it.", "export KEY={}", "\"{}\"", "curl -H 'X-Key: {}' https://example.org"]
tokens = [
    ("aws-key", lambda: rng.choice(["AKIA", "ASIA"]) + some(BASE32, 16)),
    ("github-token", lambda: rng.choice(["ghp_", "gho_", "ghs_"]) + some(ALNUM, 36)),
    ("slack-token", lambda: f"xoxb-{some(string.digits, 12)}-{some(string.digits, 12)}-{some(ALNUM, 24)}"),
    ("google-key", lambda: "AIza" + some(ALNUM, 35)),
    ("openai-key", lambda: "sk-proj-" + some(ALNUM, 64)),
    ("openai-key", lambda: "sk-" + some(ALNUM, 46) + "7x"),
    ("anthropic-key", lambda: "sk-ant-api03-" + some(ALNUM, 93) + "AA"),
    ("huggingface-token", lambda: "hf_" + some(ALNUM, 34)),
    ("stripe-key", lambda: rng.choice(["sk_live_", "sk_test_", "rk_live_"]) + some(ALNUM, 24)),
    ("gitlab-token", lambda: "glpat-" + some(ALNUM, 20)),
    ("npm-token", lambda: "npm_" + some(ALNUM, 36)),
    ("jwt", jwt),
    ("slack-webhook", lambda: f"https://hooks.slack.com/services/T{some(BASE32, 8)}/B{some(BASE32, 10)}/{some(ALNUM, 24)}"),
    ("sendgrid-key", lambda: f"SG.{some(URL64, 21)}x.{some(URL64, 42)}y"),
    ("telegram-token", lambda: f"{some('123456789', 9)}:AA{some(URL64, 32)}z"),
    ("google-key", lambda: "GOCSPX-" + some(ALNUM, 28)),
    ("github-token", lambda: f"github_pat_{some(ALNUM, 22)}_{some(ALNUM, 59)}"),
]
for kind, make in tokens:
    for i in range(5):
        row("en", token_texts[i], (kind, make()))
for name in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "]:
    row("en", "This is it:\n{}\nKeep it.", ("private-key", pem(name)))
for url, secret in [
    ("postgres://app:{}@db.example.org:5432/main", "s3cr3tPass"), ("https://bob:{}@example.org/x", "hunter22"),
    ("mongodb+srv://root:{}@cluster0.mongodb.net/", "pL9x-22kk"), ("redis://:{}@localhost:6379", "kQ8dk2LLw"),
    ("amqp://guest:{}@rabbit.internal", "gu3st-pw"),
]:
    row("en", "Connect to " + url + " first.", ("url-password", secret))
strong = string.ascii_letters + string.digits
for text in [
    "api_key = \"{}\"", "\"apiKey\": \"{}\"", "SECRET_KEY={}", "client_secret: '{}'", "auth_token={}", "ACCESS_KEY = '{}'",
    "aws_secret_access_key = {}", "Authorization: Bearer {}", "DB_TOKEN=\"{}\"", "private_key: {}",
]:
    row("en", text, ("assigned-secret", "q7" + some(strong, 36) + "3x"))
for text, password in [
    ("password = \"{}\"", "Tr0ub4dor&3x"), ("\"password\": \"{}\"", "correctHorse9!"), ("DB_PASSWORD={}", "xK9#mQ2$vL"),
    ("pwd: '{}'", "G7!hJ2kLp"), ("My password: {}", "Summer2024!x"), ("Passwort: {}", "Fr1edrich#77"),
]:
    row("en", text, ("assigned-secret", password))
none(
    "en",
    "Set api_key = \"YOUR_API_KEY\" before you start.",
    "password = os.environ['DB_PASSWORD']",
    "const token = process.env.GITHUB_TOKEN;",
    "\"password\": \"********\"",
    "export API_KEY=<your key here>",
    "AWS keys start with AKIA, GitHub tokens with ghp_.",
    "An OpenAI key looks like sk-... or sk-proj-...",
    "Your token: it expires after an hour.",
    "The secret: patience, and more patience.",
    "password: required, at least eight characters",
    "<div class=\"sk-navigation-menu-item sk-button-primary\">",
    "The tokenizer splits token = 'hello' into pieces.",
    "const secret = await getSecret('database/password');",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
    "id 123e4567-e89b-12d3-a456-426614174000",
    "integrity=\"sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC\"",
    "A PEM file begins with -----BEGIN PRIVATE KEY----- and ends alike.",
    "-----BEGIN CERTIFICATE-----\nMIIB8jCCAVugAwIBAgIBADANBgkqhkiG9w0BAQUFADA\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
    "https://example.org:8443/path@v2/file",
    "ssh://host.example.org:22/home",
    "xoxo, your friend",
    "ghp_ is a prefix, followed by 36 characters.",
    "AIza-something is too short.",
    "The max_token: 4096 and min_token: 16 settings",
    "password: ${DB_PASSWORD}",
    "token: {{ secrets.GITHUB_TOKEN }}",
    "hf_hub_download('gpt2', 'config.json')",
    "Bearer tokens are sent in a header.",
    "eyJ is how a JSON Web Token begins.",
    "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
    "key: value, name: somebody, secret: nothing",
    "pwd: /home/user/projects/tabtune",
)

target = pathlib.Path(__file__).parents[2] / "tests" / "goldens" / "personal-data.jsonl"
target.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
print(len(lines), "lines")

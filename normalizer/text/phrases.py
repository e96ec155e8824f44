"""What mail programs write round other people's words, a table per language.

Alternatives in a cell are separated by `|`.  Case does not count, nor do surrounding dashes and colons.
"""
# ruff: noqa: E501  # a language is a row of the table, and a row is a line

from __future__ import annotations

from typing import Literal

Label = Literal["from", "to", "cc", "date", "subject", "other"]

HEADERS: dict[str, dict[Label, str]] = {
    "ar": {"from": "من|المرسل", "to": "إلى|الى", "cc": "نسخة|نسخة إلى", "date": "التاريخ|تم الإرسال|الإرسال|تاريخ", "subject": "الموضوع"},
    "bg": {"from": "От|Изпратено от", "to": "До", "cc": "Копие", "date": "Дата|Изпратено", "subject": "Тема|Относно"},
    "ca": {"from": "De", "to": "Per a|A", "cc": "A/c", "date": "Data|Enviat", "subject": "Assumpte|Tema"},
    "cs": {"from": "Od|Odesílatel", "to": "Komu|Pro|Příjemce", "cc": "Kopie", "date": "Datum|Odesláno", "subject": "Předmět"},
    "da": {"from": "Fra|Afsender", "to": "Til|Modtager", "cc": "Kopi", "date": "Dato|Sendt", "subject": "Emne"},
    "de": {"from": "Von|Absender", "to": "An|Empfänger", "cc": "Kopie|Kopie (CC)|CC", "date": "Datum|Gesendet|Gesendet am", "subject": "Betreff", "other": "Antwort an|Antwort-An|Wichtigkeit|Priorität"},
    "el": {"from": "Από|Αποστολέας", "to": "Προς|Παραλήπτης", "cc": "Κοιν.|Κοινοποίηση|Κοιν", "date": "Ημερομηνία|Στάλθηκε|Εστάλη", "subject": "Θέμα"},
    "en": {"from": "From|Sender", "to": "To|Recipient|Recipients", "cc": "Cc", "date": "Date|Sent|Sent at|Sent on|Date sent|Received", "subject": "Subject", "other": "Bcc|Reply-To|Reply To|Importance|Priority|Organization|Attachments|Newsgroups|Message-ID|Resent-From|Sensitivity|On behalf of"},
    "es": {"from": "De|Remitente", "to": "Para|A|Destinatario", "cc": "Copia", "date": "Fecha|Enviado|Enviado el|Enviada|Enviado en", "subject": "Asunto|Tema", "other": "Responder a|Importancia"},
    "et": {"from": "Saatja|Kellelt", "to": "Adressaat|Saaja|Kellele", "cc": "Koopia", "date": "Kuupäev|Saadetud|Saatmise aeg", "subject": "Teema"},
    "fa": {"from": "از|فرستنده", "to": "به|گیرنده", "cc": "رونوشت", "date": "تاریخ|ارسال شده", "subject": "موضوع"},
    "fi": {"from": "Lähettäjä", "to": "Vastaanottaja|Vastaanottajat|Saaja", "cc": "Kopio", "date": "Päivämäärä|Lähetetty|Päiväys|Lähetysaika|Lähetyspäivä", "subject": "Aihe|Otsikko"},
    "fr": {"from": "De|Expéditeur|Exp.|De la part de", "to": "À|A|Pour|Destinataire|Dest.", "cc": "Copie|Copie à", "date": "Date|Envoyé|Envoyé le|Envoyée|Date d'envoi", "subject": "Objet|Sujet", "other": "Répondre à|Importance|Pièces jointes"},
    "he": {"from": "מאת|מ", "to": "אל|ל", "cc": "עותק|העתק", "date": "תאריך|נשלח", "subject": "נושא"},
    "hi": {"from": "प्रेषक|द्वारा|से", "to": "प्रति|को|प्राप्तकर्ता", "cc": "प्रतिलिपि", "date": "दिनांक|तारीख|भेजा गया", "subject": "विषय"},
    "hr": {"from": "Šalje|Od|Pošiljatelj", "to": "Prima|Za|Primatelj", "cc": "Kopija", "date": "Datum|Poslano", "subject": "Naslov|Predmet|Tema"},
    "hu": {"from": "Feladó|Küldő", "to": "Címzett|Címzettek", "cc": "Másolat|Másolatot kap", "date": "Dátum|Elküldve|Küldve|Küldés ideje|Küldés időpontja", "subject": "Tárgy"},
    "id": {"from": "Dari|Pengirim", "to": "Kepada|Ke|Untuk|Penerima", "cc": "Tembusan", "date": "Tanggal|Dikirim|Terkirim|Tarikh|Dihantar", "subject": "Subjek|Perihal|Judul|Hal"},
    "it": {"from": "Da|Mittente", "to": "A|Per|Destinatario", "cc": "Copia", "date": "Data|Inviato|Inviata|Data invio", "subject": "Oggetto", "other": "Risposta|Rispondi a|Rispondi-A|Priorità"},
    "ja": {"from": "差出人|送信者|送信元|発信者|差出人名|発信元", "to": "宛先|送信先|宛て先|受信者|あて先", "cc": "写し", "date": "日時|送信日時|日付|送信日|送信時刻", "subject": "件名|題名|タイトル", "other": "返信先|重要度"},
    "ko": {"from": "보낸 사람|보낸사람|발신자|보낸이|발신|보낸 이", "to": "받는 사람|받는사람|수신자|받는이|수신|받는 이", "cc": "참조", "date": "날짜|보낸 날짜|보낸날짜|보낸 시간|보낸시간|일시|발송일|전송 날짜", "subject": "제목"},
    "lt": {"from": "Nuo|Siuntėjas", "to": "Kam|Gavėjas", "cc": "Kopija", "date": "Data|Išsiųsta", "subject": "Tema"},
    "lv": {"from": "No|Sūtītājs", "to": "Kam|Adresāts", "cc": "Kopija", "date": "Datums|Nosūtīts", "subject": "Temats|Tēma"},
    "nl": {"from": "Van|Afzender", "to": "Aan|Naar|Ontvanger", "cc": "Kopie", "date": "Datum|Verzonden|Verstuurd|Verzonden op", "subject": "Onderwerp", "other": "Antwoord aan"},
    "no": {"from": "Fra|Avsender", "to": "Til|Mottaker", "cc": "Kopi", "date": "Dato|Sendt", "subject": "Emne"},
    "pl": {"from": "Od|Nadawca", "to": "Do|Adresat|Odbiorca|Adresaci", "cc": "DW|Kopia|Do wiadomości", "other": "UDW", "date": "Data|Wysłano|Wysłane|Data wysłania", "subject": "Temat"},
    "pt": {"from": "De|Remetente", "to": "Para|A|Destinatário", "cc": "Cópia|CC", "date": "Data|Enviado|Enviada|Enviado em|Enviada em|Enviadas|Data de envio", "subject": "Assunto", "other": "Responder a|Responder para|Prioridade"},
    "ro": {"from": "De la|Expeditor|Expeditorul", "to": "Către|Destinatar|Destinatarul|Catre", "cc": "Copie", "date": "Dată|Data|Trimis|Trimise|Data trimiterii", "subject": "Subiect|Subiectul"},
    "ru": {"from": "От|Отправитель|От кого", "to": "Кому|Получатель", "cc": "Копия", "date": "Дата|Отправлено|Дата отправки", "subject": "Тема"},
    "sk": {"from": "Od|Odosielateľ", "to": "Komu|Pre|Adresát|Príjemca", "cc": "Kópia", "date": "Dátum|Odoslané|Dátum odoslania", "subject": "Predmet"},
    "sl": {"from": "Od|Pošiljatelj", "to": "Za|Prejemnik", "cc": "Kp", "date": "Datum|Poslano", "subject": "Zadeva"},
    "sr": {"from": "Од|Шаље|Šalje|Pošiljalac", "to": "За|Прима|Primalac", "cc": "Копија", "date": "Датум|Послато|Poslato", "subject": "Наслов|Тема|Предмет"},
    "sv": {"from": "Från|Avsändare", "to": "Till|Mottagare", "cc": "Kopia", "date": "Datum|Skickat|Skickades", "subject": "Ämne"},
    "th": {"from": "จาก|ผู้ส่ง", "to": "ถึง|ผู้รับ", "cc": "สำเนา|สําเนา", "date": "วันที่|ส่ง|ส่งเมื่อ|เวลา|วัน", "subject": "เรื่อง|หัวเรื่อง|หัวข้อ"},
    "tr": {"from": "Kimden|Gönderen", "to": "Kime|Alıcı", "cc": "Bilgi|Kopya|CC", "date": "Tarih|Gönderildi|Gönderme Tarihi|Gönderilme Tarihi|Gönderim Tarihi|Gönderilme", "subject": "Konu"},
    "uk": {"from": "Від|Від кого|Відправник", "to": "Кому|Одержувач|Отримувач", "cc": "Копія", "date": "Дата|Надіслано|Відправлено", "subject": "Тема"},
    "vi": {"from": "Từ|Người gửi", "to": "Đến|Tới|Người nhận|Gửi đến|Gửi tới", "cc": "Đồng gửi", "date": "Ngày|Đã gửi|Gửi|Ngày gửi|Thời gian|Vào lúc|Gửi lúc", "subject": "Chủ đề|Tiêu đề"},
    "zh-Hans": {"from": "发件人|发信人|寄件人|发送人|发自", "to": "收件人|收信人|发送至", "cc": "抄送|抄送人", "date": "发送时间|日期|时间|发送日期|发件时间|寄件日期", "subject": "主题|主 题|标题", "other": "密送|重要性|附件|回复"},
    "zh-Hant": {"from": "寄件者|寄件人|發件人|發信人|傳送者", "to": "收件者|收件人", "cc": "副本|抄送", "date": "日期|傳送日期|寄件日期|發送時間|傳送時間|時間|寄送時間", "subject": "主旨|主題|標題", "other": "密件副本|重要性|附件"},
}  # fmt: skip
"""The labels of the header block that Outlook and others put above a message they quote or forward."""

ORIGINAL: dict[str, str] = {
    "ar": "الرسالة الأصلية|رسالة أصلية",
    "bg": "Оригинално съобщение",
    "cs": "Původní zpráva|Původní e-mail",
    "da": "Oprindelig meddelelse|Original meddelelse|Oprindelig besked",
    "de": "Ursprüngliche Nachricht|Originalnachricht|Original-Nachricht|Original Nachricht|Ursprüngliche Mail",
    "el": "Αρχικό μήνυμα|Αυθεντικό μήνυμα",
    "en": "Original Message|Original Mail|Original Email|Reply Message|Reply above this line|Replied Message|Please reply above this line|Original Appointment",
    "es": "Mensaje original|Mensaje Original|Correo original",
    "et": "Algne kiri|Algsõnum",
    "fa": "پیام اصلی",
    "fi": "Alkuperäinen viesti",
    "fr": "Message original|Message d'origine|Message d’origine|E-mail d'origine|Courriel d'origine|Mail original",
    "he": "הודעה מקורית",
    "hi": "मूल संदेश",
    "hr": "Izvorna poruka|Originalna poruka",
    "hu": "Eredeti üzenet|Eredeti levél",
    "id": "Pesan Asli|Pesan asal|Mesej Asal|Email Asli",
    "it": "Messaggio originale|Messaggio Originale|Email originale",
    "ja": "元のメッセージ|オリジナルメッセージ|Original Message|元のメール|オリジナル メッセージ",
    "ko": "원본 메시지|원본 메일|원본메일|원본메시지|원본 이메일",
    "lt": "Pradinis laiškas|Originalus pranešimas",
    "lv": "Sākotnējais ziņojums|Oriģinālais ziņojums",
    "nl": "Oorspronkelijk bericht|Origineel bericht|Oorspronkelijke bericht",
    "no": "Opprinnelig melding|Original melding",
    "pl": "Wiadomość oryginalna|Oryginalna wiadomość|Pierwotna wiadomość|Wiadomość pierwotna",
    "pt": "Mensagem original|Mensagem Original|E-mail original|Email original",
    "ro": "Mesaj original|Mesajul original|Mesaj initial",
    "ru": "Исходное сообщение|Оригинальное сообщение|Исходное письмо|Первоначальное сообщение",
    "sk": "Pôvodná správa",
    "sl": "Izvirno sporočilo|Originalno sporočilo",
    "sr": "Оригинална порука|Originalna poruka|Изворна порука",
    "sv": "Ursprungligt meddelande|Originalmeddelande|Ursprungligt mejl|Original meddelande",
    "th": "ข้อความต้นฉบับ|ข้อความเดิม|ข้อความดั้งเดิม|อีเมลต้นฉบับ",
    "tr": "Orijinal İleti|Özgün İleti|Orijinal Mesaj|Orjinal Mesaj|Özgün Mesaj|Orijinal e-posta",
    "uk": "Початкове повідомлення|Оригінальне повідомлення|Вихідне повідомлення|Оригінал повідомлення",
    "vi": "Thư gốc|Tin nhắn gốc|Bản gốc|Nội dung gốc|Email gốc|Thư ban đầu",
    "zh-Hans": "原始邮件|原邮件|原始信息|原始消息|回复邮件|原信|回复的原邮件",
    "zh-Hant": "原始郵件|原郵件|原始訊息|原始信件|原信件|回覆郵件",
}
"""Between dashes: below it stands the message that is answered."""

FORWARDED: dict[str, str] = {
    "ar": "رسالة معاد توجيهها|الرسالة المعاد توجيهها|رسالة محولة|بدء الرسالة المُعاد توجيهها|بدء الرسالة المعاد توجيهها",
    "bg": "Препратено съобщение|Начало на препратеното съобщение",
    "ca": "Missatge reenviat|Inici del missatge reenviat",
    "cs": "Přeposlaná zpráva|Začátek přeposílané zprávy|Předávaná zpráva|Předaná zpráva|Přeposlaný e-mail",
    "da": "Videresendt meddelelse|Videresendt besked|Start på videresendt besked|Videresendt mail",
    "de": "Weitergeleitete Nachricht|Anfang der weitergeleiteten Nachricht|Weitergeleitete E-Mail|Weitergeleitete Mail|Anfang der weitergeleiteten E-Mail",
    "el": "Προωθημένο μήνυμα|Αρχή προωθημένου μηνύματος|Προωθούμενο μήνυμα|Έναρξη προωθημένου μηνύματος",
    "en": "Forwarded message|Begin forwarded message|Forwarded mail|Forwarded email|Forwarded by|Original message forwarded|Start of forwarded message|Forward message",
    "es": "Mensaje reenviado|Inicio del mensaje reenviado|Correo reenviado|Comienzo del mensaje reenviado|Mensaje enviado",
    "et": "Edastatud kiri|Edastatud sõnum|Edasi saadetud kiri|Edastatud kirja algus",
    "fa": "پیام هدایت‌شده|پیام ارسال شده|نامهٔ هدایت‌شده",
    "fi": "Välitetty viesti|Edelleenlähetetty viesti|Välitetty viesti alkaa|Edelleen lähetetty viesti|Välitetyn viestin alku",
    "fr": "Message transféré|Début du message transféré|Début du message réexpédié|Courriel transféré|E-mail transféré|Message réexpédié|Transférer le message|Mail transféré|Message transmis|Début de l'e-mail transféré|Début du courriel transféré",
    "he": "הודעה שהועברה|תחילת ההודעה שהועברה|הודעה מועברת",
    "hi": "अग्रेषित संदेश|फ़ॉरवर्ड किया गया संदेश",
    "hr": "Proslijeđena poruka|Započni proslijeđenu poruku|Početak proslijeđene poruke|Proslijeđena pošta",
    "hu": "Továbbított üzenet|Továbbított levél|Továbbított levél kezdete|Továbbított üzenet kezdete|Továbbított e-mail",
    "id": "Pesan terusan|Pesan yang diteruskan|Pesan diteruskan|Email yang diteruskan|Awal pesan yang diteruskan|Mulai pesan yang diteruskan|Mesej dimajukan",
    "it": "Messaggio inoltrato|Inizio messaggio inoltrato|Messaggio inoltrato da|Inizio del messaggio inoltrato|Email inoltrata|Inizio messaggio rinviato",
    "ja": "転送されたメッセージ|転送メッセージ|メッセージを転送|転送されたメール|転送メール|転送開始|転送されたメッセージ開始|転送されたメッセージの始まり|転送されたメッセージここから|転送元のメッセージ|転送",
    "ko": "전달된 메시지|전달된 메일|전달 메시지|전달된 이메일|전달된 메시지의 시작|전달된 메시지 시작|전달한 메일|전달된메시지|전달받은 메일",
    "lt": "Persiųstas laiškas|Persiunčiamas laiškas|Persiųstas pranešimas",
    "lv": "Pārsūtīts ziņojums|Pārsūtītais ziņojums|Pārsūtīta vēstule",
    "nl": "Doorgestuurd bericht|Begin doorgestuurd bericht|Doorgestuurde e-mail|Doorgezonden bericht|Begin van doorgestuurd bericht",
    "no": "Videresendt melding|Videresendt e-post|Start på videresendt melding|Begynnelse på videresendt melding|Start på videresendt e-post",
    "pl": "Treść przekazanej wiadomości|Wiadomość przekazana|Przekazana wiadomość|Początek przekazywanej wiadomości|Przekazywana wiadomość|Przekierowana wiadomość|Wiadomość przekazana dalej|Forwardowana wiadomość|Przesłana dalej wiadomość|Początek wiadomości przekazanej",
    "pt": "Mensagem encaminhada|Mensagem reencaminhada|Início da mensagem encaminhada|Início da mensagem reencaminhada|E-mail encaminhado|Mensagem reenviada|Email reencaminhado",
    "ro": "Mesaj redirecționat|Mesaj redirecţionat|Începe mesajul redirecționat|Mesaj redirectionat|Mesaj transmis mai departe|Mesaj retransmis|Începe mesajul redirecţionat|Mesaj înaintat|E-mail redirecționat",
    "ru": "Пересылаемое сообщение|Перенаправленное сообщение|Начало переадресованного сообщения|Пересланное сообщение|Переадресованное сообщение|Пересланное письмо|Пересылаемое письмо|Начало пересылаемого сообщения|Завершённое пересылаемое сообщение|Перенаправляемое сообщение|Начало пересланного сообщения",
    "sk": "Preposlaná správa|Začiatok preposlanej správy|Odovzdaná správa|Presmerovaná správa|Poslaná ďalej správa|Preposielaná správa",
    "sl": "Posredovano sporočilo|Začetek posredovanega sporočila",
    "sr": "Прослеђена порука|Prosleđena poruka|Početak prosleđene poruke",
    "sv": "Vidarebefordrat meddelande|Vidarebefordrat mejl|Vidarebefordrat mail|Vidarebefordrat e-postmeddelande|Början på vidarebefordrat meddelande|Start på vidarebefordrat meddelande|Vidarebefordrat brev|Början på det vidarebefordrade mejlet",
    "th": "ข้อความที่ส่งต่อ|เริ่มข้อความที่ส่งต่อ|อีเมลที่ส่งต่อ|เริ่มต้นข้อความที่ส่งต่อ|ข้อความส่งต่อ",
    "tr": "İletilen İleti|İletilmiş Mesaj|İletilen mesaj|İleti başlangıcı|İletilmiş ileti|Yönlendirilmiş mesaj|Yönlendirilen ileti|İletilen iletinin başlangıcı|Yönlendirilen mesaj|Yönlendirilmiş ileti|İletilen e-posta",
    "uk": "Переслане повідомлення|Перенаправлене повідомлення|Початок листа, що пересилається|Пересланий лист|Початок пересланого повідомлення|Переадресоване повідомлення|Початок переадресованого повідомлення|Пересилається повідомлення",
    "vi": "Thư được chuyển tiếp|Thư đã chuyển tiếp|Tin nhắn được chuyển tiếp|Tin nhắn đã chuyển tiếp|Bắt đầu thư được chuyển tiếp|Email được chuyển tiếp|Bắt đầu thư đã chuyển tiếp|Thư chuyển tiếp",
    "zh-Hans": "转发的邮件|转发邮件|转发邮件信息|已转发邮件|开始转发的邮件|转发的消息|下面是被转发的邮件|转发的信件|转发信息|以下是转发的邮件|被转发邮件信息|转发消息",
    "zh-Hant": "轉寄的郵件|轉寄郵件|轉發的郵件|轉寄的訊息|轉寄訊息|開始轉寄郵件|轉寄內文開始|已轉寄的郵件|轉寄信件|以下是轉寄的郵件|轉發郵件|轉寄的信件|轉寄內文",
}  # fmt: skip
"""Between dashes, or alone on a line: below it stands a message that is passed on."""

WROTE: dict[str, str] = {
    "ar": "كتب|كتبت|تمت كتابة ما يلي بواسطة|جاء فيها|كَتَب",
    "bg": "написа",
    "ca": "va escriure|ha escrit",
    "cs": "napsal|napsala|odesílatel",
    "da": "skrev",
    "de": "schrieb|schrieben|hat geschrieben|geschrieben",
    "el": "έγραψε|έγραψες",
    "en": "wrote|writes|said|has written",
    "es": "escribió|escribio|ha escrito|escribía",
    "et": "kirjutas",
    "fa": "نوشت|نوشته",
    "fi": "kirjoitti",
    "fr": "a écrit|a ecrit|écrit|écrivait|à écrit",
    "he": "כתב|כתבה|מאת",
    "hi": "ने लिखा",
    "hr": "je napisao|je napisala|napisao|piše",
    "hu": "ezt írta|írta|időpontban|írt",
    "id": "menulis",
    "it": "ha scritto|scrive|scrisse",
    "ja": "のメール|のメッセージ|書きました|wrote|さんからのメール|作成",
    "ko": "작성|님이 작성|님이 씀|썼습니다|wrote",
    "lt": "rašė|parašė",
    "lv": "rakstīja",
    "nl": "schreef|het volgende geschreven|geschreven",
    "no": "skrev",
    "pl": "napisał|napisała|pisze",
    "pt": "escreveu|escreveram",
    "ro": "a scris",
    "ru": "написал|написала|написали|пишет|писал|писала|пользователь",
    "sk": "napísal|napísala",
    "sl": "je napisal|napisala",
    "sr": "је написао|написао|је написала",
    "sv": "skrev",
    "th": "เขียนว่า|เขียน|ได้เขียน",
    "tr": "şunu yazdı|şunları yazdı|yazdı",
    "uk": "пише|написав|написала",
    "vi": "đã viết|viết",
    "zh": "写道|寫道|写到|写了|寫了",
}
"""What stands in the line that says who wrote the quotation below it."""

SENT_FROM: dict[str, str] = {
    "ar": "أرسل من|أُرسلت من|مرسل من|تم الإرسال من|أرسلت من",
    "cs": "Odesláno z|Odesláno pomocí|Posláno z",
    "da": "Sendt fra|Sendt med",
    "de": "Gesendet von|Von meinem*gesendet|Gesendet mit|Diese Nachricht wurde von meinem*gesendet|Gesendet über|Versendet mit|Verschickt mit|Gesendet aus|Versandt mit",
    "el": "Στάλθηκε από|Απεσταλμένο από",
    "en": "Sent from|Sent via|Sent with|Sent by|Sent using|From my*|Get Outlook for|Someone from*|Composed on|Sent on",
    "es": "Enviado desde|Enviado con|Enviado mediante|Enviado por|Obtener Outlook para|Obtenga Outlook para|Enviado de",
    "fi": "Lähetetty|Hanki Outlook",
    "fr": "Envoyé depuis|Envoyé de|Envoyé à partir de|Envoyé avec|Envoyé via|Envoyé par|Télécharger Outlook pour|Obtenir Outlook pour|Provenance : Courrier pour",
    "he": "נשלח מ|נשלח מה",
    "hr": "Poslano s|Poslano iz",
    "hu": "Elküldve|Küldve",
    "id": "Dikirim dari|Dikirim melalui|Dikirim menggunakan|Dapatkan Outlook untuk|Terkirim dari|Dihantar daripada",
    "it": "Inviato da|Inviato dal|Inviato con|Inviato tramite|Scarica Outlook per|Ottieni Outlook per|Inviata da",
    "ja": "*から送信|*から送信されました|*Outlook*を入手",
    "ko": "*에서 보냄|*에서 전송|*에서 전송됨|*에서 보낸 메일|*에서 발송|*Outlook*다운로드",
    "nl": "Verzonden vanaf|Verstuurd vanaf|Verzonden met|Verzonden vanuit|Download Outlook voor|Verstuurd met|Verstuurd via|Verzonden via",
    "no": "Sendt fra|Sendt med|Skaff deg Outlook",
    "pl": "Wysłane z|Wysłano z|Wysłane za pomocą|Pobierz Outlook dla|Pobierz aplikację Outlook",
    "pt": "Enviado do|Enviado de|Enviado a partir|Enviado pelo|Enviado via|Obter o Outlook para|Obter Outlook para|Enviado com|Baixe o Outlook",
    "ro": "Trimis de pe|Trimis din|Trimis cu",
    "ru": "Отправлено с|Отправлено из|Послано с|Отправлено от|Скачать Outlook|Отправлено через|Отправлено мобильной",
    "sk": "Odoslané z",
    "sv": "Skickat från|Skickat med|Hämta Outlook|Skickat via",
    "th": "ส่งจาก|ส่งโดย|รับ Outlook",
    "tr": "*gönderildi|*Outlook'u edinin",
    "uk": "Надіслано з|Відправлено з|Надіслано через",
    "vi": "Đã gửi từ|Được gửi từ|Gửi từ|Tải Outlook",
    "zh": "发自|發自|来自我的|來自我的|发送自|發送自|签名由|从我的*发送|從我的*傳送|從我的*發送|获取*Outlook|取得*Outlook|下载*Outlook",
}
"""How a telephone signs: what the line begins with and, after a `*`, ends with.  One of DEVICES must be named as well, and
where nothing stands after the `*` the line has four words at most."""

DEVICES = (
    "iphone|ipad|ipod|android|galaxy|samsung|huawei|honor|xiaomi|redmi|poco|oppo|oneplus|realme|pixel|nokia|motorola|lumia"
    "|blackberry|alcatel|htc|xperia|zenfone|handy|mobile|mobil|mobiltelefon|mobilgerät|smartphone|phone|cell|tablet|téléphone"
    "|teléfono|telefone|telefono|telefon|celular|móvil|movil|ponsel|điện thoại|телефон|телефона|смартфон|смартфона|手机|手機"
    "|携帯|スマートフォン|휴대폰|스마트폰|โทรศัพท์|هاتفي|outlook|mail|mailbox|yahoo|gmail|airmail|windows|hotmail|thunderbird"
    "|aquamail|k-9|spark mail|readdle|protonmail|proton|tutanota|gmx|web.de|mail.ru|yandex|mailspring|superhuman|mailo|edison mail|nine mail"
    "|bluemail|mymail|aol|t-online|orange|libero|foxmail|网易|qq|naver|daum|kakao|macbook|mac|pc|symbian"
)
"""Devices and mail programs that people's mail is sent from."""

DISCLAIMERS: dict[str, tuple[str, ...]] = {
    "ar": ("سرية", "المرسل إليه"),
    "de": ("vertraulich", "empfänger|adressat|irrtümlich|bestimmt"),
    "en": ("confidential|privileged|legally protected", "intended|recipient|addressee|disclos|unauthori|error"),
    "es": ("confidencial", "destinatari|error|divulg|autoriz"),
    "fr": ("confidentiel", "destinataire|erreur|divulg|autoris"),
    "id": ("rahasia", "penerima|dituju|salah|ditujukan"),
    "it": ("riservat|confidenzial", "destinatari|errore|divulg|autorizz"),
    "ja": ("機密|秘密", "受信者|宛先|誤って|受取人|誤送"),
    "ko": ("기밀|비밀", "수신인|수신자|수취인|잘못"),
    "nl": ("vertrouwelijk", "geadresseerde|bestemd|ontvanger|onrechte"),
    "pl": ("poufn", "adresat|odbiorc|omyłk"),
    "pt": ("confidencia", "destinatári|erro|divulg|autoriz"),
    "ru": ("конфиденциальн", "получател|адресат|ошиб"),
    "sv": ("konfidentiell", "mottagare|avsedd|misstag"),
    "th": ("ความลับ", "ผู้รับ|ข้อผิดพลาด"),
    "tr": ("gizli", "alıcı|muhatap|yanlışlıkla|yetkili"),
    "vi": ("bảo mật|mật", "người nhận|nhầm"),
    "zh": ("保密|机密|機密", "收件人|接收人|收件者|误收|誤收|錯誤|接收者"),
}
"""Stems that occur together in the notices which companies append; one of each cell must be there."""

FOOTERS = (
    "You received this message because you are subscribed to",
    "To unsubscribe from this group",
    "Virenfrei.",
    "Virus-free.",
    "Libre de virus.",
    "Sin virus.",
    "Garanti sans virus.",
    "Privo di virus.",
    "Livre de vírus.",
    "This email has been checked for viruses",
    "This e-mail has been checked for viruses",
    "Diese E-Mail wurde von Avast",
    "Este correo electrónico ha sido comprobado en busca de virus",
    "L'absence de virus dans ce courrier",
    "Please consider the environment before printing",
    "Think before you print",
    "Bitte denken Sie an die Umwelt",
    "Antes de imprimir este",
    "Pensez à l'environnement",
    "Ce message a été vérifié",
)
"""How lines begin that mailing lists and virus scanners append."""

CLOSINGS: dict[str, str] = {
    "ar": "مع أطيب التحيات|مع خالص التحية|تحياتي|شكرا|مع التحية",
    "cs": "s pozdravem|děkuji",
    "da": "med venlig hilsen|venlig hilsen|mvh",
    "de": "mit freundlichen grüßen|mit freundlichem gruß|freundliche grüße|viele grüße|beste grüße|liebe grüße|mfg|lg|vielen dank|gruß|grüße",
    "en": "best regards|kind regards|regards|best wishes|sincerely|yours|thanks|thank you|many thanks|cheers|best|warm regards",
    "es": "saludos|un saludo|atentamente|gracias|muchas gracias|cordialmente",
    "fr": "cordialement|bien cordialement|salutations|meilleures salutations|merci|bien à vous",
    "id": "salam|hormat saya|terima kasih|terimakasih",
    "it": "cordiali saluti|distinti saluti|saluti|grazie|cordialmente",
    "ja": "よろしくお願いします|よろしくお願いいたします|よろしくお願い致します|宜しくお願い致します|敬具|以上",
    "ko": "감사합니다|고맙습니다|안녕히|드림",
    "nl": "met vriendelijke groet|groeten|vriendelijke groet|mvg|bedankt",
    "no": "med vennlig hilsen|vennlig hilsen|hilsen",
    "pl": "pozdrawiam|z poważaniem|dziękuję",
    "pt": "atenciosamente|cumprimentos|abraços|obrigado|obrigada|att",
    "ru": "с уважением|спасибо|с наилучшими пожеланиями",
    "sv": "med vänlig hälsning|vänliga hälsningar|hälsningar|mvh|tack",
    "th": "ขอแสดงความนับถือ|ขอบคุณ",
    "tr": "saygılarımla|teşekkürler|iyi çalışmalar|selamlar|saygılar",
    "uk": "з повагою|дякую",
    "vi": "trân trọng|thân ái|cảm ơn|xin cảm ơn",
    "zh": "此致|祝好|谢谢|謝謝|顺颂|敬上|敬禮|敬礼|顺祝|祝",
}
"""How people take their leave.  They stay where they stand below words, and are no words alone."""

FORWARD_PREFIXES = (
    "fw|fwd|wg|tr|rv|enc|res enc|i|vs|vb|vl|pd|doorst|doorg|prz|redir|reenv|ilt|i̇lt|yön|yönl|tov|továbbítás|videresend|vidarebefordra"
    "|přeposl|fwd fw|přep|prep|prepos|proslj|proslijeđeno|προωθ|πρθ|пересл|пер|переадр|перен|转发|轉寄|轉發|転送|전달|trs|terusan|teruskan"
    "|chuyển tiếp|fwd:|ส่งต่อ|إعادة توجيه|הועבר|fwd|fyi fw|encaminhada|reencaminhada|inoltra|inoltro|weitergeleitet|transféré|edasi|edastatud"
)
"""What stands before the colon in the subject of a forward."""

REPLY_PREFIXES = (
    "re|aw|antw|antwort|sv|rif|r|res|odp|vá|ynt|yan|cevap|回复|回覆|答复|答覆|返信|re返信|답장|회신|отв|на|ha|trả lời|tl|bls|balas|balasan|رد|"
    "השב|ตอบกลับ|απ|σχετ|atb|vast|réf|réponse|rép|respuesta|resposta|risposta|vs re|回信|antwoord|re[2]|re[3]|re[4]"
)
"""What stands before the colon in the subject of an answer."""

BEFORE_NAMES = "am|pm|a.m.|p.m.|uhr|heeft|schreef|schrieb|skrev|uživatel|používateľ|użytkownik|пользователь|користувач|χρήστης|ο|utente|usuario|usuário|by|von|de|da|from|odesílatel|в|о"
"""What stands between the time and the name in an attribution."""

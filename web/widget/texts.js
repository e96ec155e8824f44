/** What the widget says, in five languages; the browser's language decides, English where it is none of them. */

const EN = {
  title: "Support",
  open: "Chat with support",
  close: "Close",
  placeholder: "Write a message…",
  message: "Message",
  send: "Send",
  attach: "Attach files",
  drop: "Drop files here",
  remove: "Remove {name}",
  sending: "Sending…",
  waiting: "Not sent yet: it goes out by itself once you are online",
  stored: "Received",
  failed: "Not sent",
  retry: "Try again",
  discard: "Delete",
  you: "You",
  agent: "Support",
  system: "Automatic answer",
  offline: "No connection. What you write is kept on this device.",
  number: "Your case number",
  copy: "Copy",
  copied: "Copied",
  hello: "How can we help? We will never ask for your seed phrase, private key or password.",
  tooBig: "{name} is larger than {size}",
  tooMany: "At most {count} files at once",
  tooLong: "At most {count} characters",
  refused: "The server does not take this message",
  warningTitle: "This looks like a secret key",
  warning:
    "Your message seems to contain a seed phrase or a private key. Whoever sees it can take everything in your wallet. " +
    "Support never needs it. If you have shown it to anybody, move your assets to a new wallet.",
  edit: "Go back and remove it",
  insist: "Send anyway",
  download: "Download {name}",
};

/** @typedef {typeof EN} Texts */

/** @type {Record<string, Texts>} */
export const TEXTS = {
  en: EN,
  "zh-Hans": {
    title: "客服",
    open: "联系客服",
    close: "关闭",
    placeholder: "请输入消息…",
    message: "消息",
    send: "发送",
    attach: "添加文件",
    drop: "将文件拖放到这里",
    remove: "移除 {name}",
    sending: "发送中…",
    waiting: "尚未发送：恢复网络后会自动发送",
    stored: "已送达",
    failed: "发送失败",
    retry: "重试",
    discard: "删除",
    you: "您",
    agent: "客服",
    system: "自动回复",
    offline: "网络未连接。您输入的内容会保存在本设备上。",
    number: "您的工单编号",
    copy: "复制",
    copied: "已复制",
    hello: "请问有什么可以帮您？我们绝不会向您索要助记词、私钥或密码。",
    tooBig: "{name} 超过了 {size}",
    tooMany: "一次最多 {count} 个文件",
    tooLong: "最多 {count} 个字符",
    refused: "服务器无法接收这条消息",
    warningTitle: "这看起来是密钥",
    warning:
      "您的消息似乎包含助记词或私钥。任何看到它的人都能转走您钱包里的全部资产。客服绝不需要它。" +
      "如果您已经告诉过别人，请立即把资产转移到新钱包。",
    edit: "返回并删除",
    insist: "仍然发送",
    download: "下载 {name}",
  },
  "zh-Hant": {
    title: "客服",
    open: "聯絡客服",
    close: "關閉",
    placeholder: "請輸入訊息…",
    message: "訊息",
    send: "傳送",
    attach: "新增檔案",
    drop: "將檔案拖放到這裡",
    remove: "移除 {name}",
    sending: "傳送中…",
    waiting: "尚未傳送：恢復網路後會自動傳送",
    stored: "已送達",
    failed: "傳送失敗",
    retry: "重試",
    discard: "刪除",
    you: "您",
    agent: "客服",
    system: "自動回覆",
    offline: "網路未連線。您輸入的內容會保存在本裝置上。",
    number: "您的案件編號",
    copy: "複製",
    copied: "已複製",
    hello: "請問有什麼可以幫您？我們絕不會向您索取助記詞、私鑰或密碼。",
    tooBig: "{name} 超過了 {size}",
    tooMany: "一次最多 {count} 個檔案",
    tooLong: "最多 {count} 個字元",
    refused: "伺服器無法接收這則訊息",
    warningTitle: "這看起來是金鑰",
    warning:
      "您的訊息似乎包含助記詞或私鑰。任何看到它的人都能轉走您錢包裡的全部資產。客服絕不需要它。" +
      "如果您已經告訴過別人，請立即把資產轉移到新錢包。",
    edit: "返回並刪除",
    insist: "仍然傳送",
    download: "下載 {name}",
  },
  ja: {
    title: "サポート",
    open: "サポートに問い合わせる",
    close: "閉じる",
    placeholder: "メッセージを入力…",
    message: "メッセージ",
    send: "送信",
    attach: "ファイルを添付",
    drop: "ここにファイルをドロップ",
    remove: "{name} を取り消す",
    sending: "送信中…",
    waiting: "未送信です。オンラインになると自動的に送信されます",
    stored: "受信済み",
    failed: "送信できませんでした",
    retry: "再試行",
    discard: "削除",
    you: "あなた",
    agent: "サポート",
    system: "自動応答",
    offline: "接続がありません。入力した内容はこの端末に保存されます。",
    number: "お問い合わせ番号",
    copy: "コピー",
    copied: "コピーしました",
    hello: "どのようなご用件でしょうか。シードフレーズ、秘密鍵、パスワードをお聞きすることは決してありません。",
    tooBig: "{name} は {size} を超えています",
    tooMany: "一度に添付できるのは {count} 個までです",
    tooLong: "{count} 文字までです",
    refused: "このメッセージは受け付けられません",
    warningTitle: "秘密鍵のようです",
    warning:
      "メッセージにシードフレーズまたは秘密鍵が含まれているようです。それを見た人はウォレットの資産をすべて持ち去ることができます。" +
      "サポートには決して必要ありません。誰かに見せた場合は、すぐに資産を新しいウォレットへ移してください。",
    edit: "戻って削除する",
    insist: "それでも送信する",
    download: "{name} をダウンロード",
  },
  ko: {
    title: "고객지원",
    open: "고객지원에 문의하기",
    close: "닫기",
    placeholder: "메시지를 입력하세요…",
    message: "메시지",
    send: "보내기",
    attach: "파일 첨부",
    drop: "여기에 파일을 놓으세요",
    remove: "{name} 제거",
    sending: "보내는 중…",
    waiting: "아직 전송되지 않았습니다. 온라인이 되면 자동으로 전송됩니다",
    stored: "접수됨",
    failed: "전송 실패",
    retry: "다시 시도",
    discard: "삭제",
    you: "나",
    agent: "고객지원",
    system: "자동 응답",
    offline: "연결되지 않았습니다. 입력한 내용은 이 기기에 보관됩니다.",
    number: "문의 번호",
    copy: "복사",
    copied: "복사됨",
    hello: "무엇을 도와드릴까요? 저희는 시드 구문, 개인 키, 비밀번호를 절대 요구하지 않습니다.",
    tooBig: "{name} 파일이 {size}보다 큽니다",
    tooMany: "한 번에 최대 {count}개 파일",
    tooLong: "최대 {count}자",
    refused: "서버가 이 메시지를 받을 수 없습니다",
    warningTitle: "비밀 키로 보입니다",
    warning:
      "메시지에 시드 구문이나 개인 키가 들어 있는 것 같습니다. 이를 본 사람은 지갑의 모든 자산을 가져갈 수 있습니다. " +
      "고객지원에는 절대 필요하지 않습니다. 이미 누군가에게 보여 주었다면 자산을 즉시 새 지갑으로 옮기세요.",
    edit: "돌아가서 지우기",
    insist: "그래도 보내기",
    download: "{name} 다운로드",
  },
};

/**
 * The language of the widget that fits best.
 * @param {readonly string[]} wanted BCP 47, the most wanted first
 */
export function choose(wanted) {
  for (const tag of wanted) {
    const [language = "", ...rest] = tag.toLowerCase().split("-");
    if (language === "zh") return rest.some((part) => ["hant", "tw", "hk", "mo"].includes(part)) ? "zh-Hant" : "zh-Hans";
    if (language in TEXTS) return language;
  }
  return "en";
}

/**
 * @param {string} text with places such as {name}
 * @param {Record<string, string | number>} values
 */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

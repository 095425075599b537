package env_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"reconcile/modules/tftest"
)

// japaneseWords are words that the Japanese texts do not use, with the word to
// use instead. One term has one Japanese word on every page and in every
// message.
var japaneseWords = map[string]string{
	// What reconcile does.
	"リコンサイ": "reconcile", "照合器": "reconcile",
	"最初のパス": "最初の実行", "次のパス": "次回の実行", "このパス": "この実行", "パスが走": "実行が始まる", "パスを走": "実行する", "パスを始": "実行を始める",
	"ステイル": "未反映", "古い": "未反映（バージョンは「古いバージョン」）", "古く": "未反映",
	"作業領域": "ワークスペース", "作業場": "ワークスペース",
	"痕跡": "入力", "軌跡": "入力", "名指し": "指定する", "試行": "未完了の適用", "アテンプト": "未完了の適用",
	"引き取": "管理対象に加える", "採用": "先端を確定する", "落ち着": "収束する", "セトル": "収束する",
	"賃貸": "リース", "持ち主": "リースを保持している実行", "柵": "フェンシングトークン", "ジェネレーション": "世代",
	"することがない": "変更はありません", "することのない": "変更がない", "何もすることが": "変更がない",
	// Plan, gate and apply.
	"プランせ": "プランを実行する", "プランし": "プランを実行する", "プランす": "プランを実行する", "プランさ": "プランを実行する", "プランでき": "プランを実行する",
	"空のプラン": "差分なし", "プランが空": "プランに差分がない",
	"アプライ": "適用", "関門": "ゲート", "関所": "ゲート", "アプルーバ": "承認者", "オペレーター": "運用担当者",
	"危険度": "リスク区分", "置換": "再作成", "リプレース": "再作成", "破棄": "削除", "破壊": "削除", "デストロイ": "削除", "紛失": "消失",
	"刈り込": "不要になったリソースの削除", "剪定": "不要になったリソースの削除", "巻き戻": "ロールバック", "サスペンド": "一時停止", "フリーズ": "変更凍結", "浸漬": "経過観察",
	// Results.
	"ペンディング": "変更あり", "ブロック中": "確認待ち", "ブロックされ": "確認待ち", "人を待": "確認待ち", "後続": "スキップ、下流", "忙しい": "使用中", "ビジー": "使用中",
	"漂流": "ドリフト", "断る": "許可していない", "断ら": "許可していない", "断り": "許可していない", "拒む": "拒否する、許可していない", "拒み": "拒否する、許可していない", "拒まれ": "拒否する、許可していない",
	"改名": "名前の変更", "やり直": "再試行", "欠陥": "内部エラー", "お知らせ": "警告、通知",
	"殺": "強制終了", "死ん": "終了済み", "生きて": "動作中、稼働中",
	// Terraform.
	"プロバイダ": "プロバイダー", "秘密": "シークレット（sensitive は「機密」）", "秘匿": "シークレット", "センシティブ": "機密",
	"読み手": "下流", "読む側": "下流", "依存の順": "依存関係の順", "アーリーカットオフ": "早期打ち切り",
	"Git を通": "Git を経由しない変更", "治す": "元に戻す", "癒や": "元に戻す", "不信": "記録の無効化",
	// Backlog and Git.
	"バックログ": "Backlog", "レポジトリ": "リポジトリ", "プルリク": "プルリクエスト", "衝突": "競合", "イシュー": "課題", "チケット": "課題", "着地": "マージ",
	"二段階認証": "2 段階認証", "二要素認証": "2 段階認証", "スコープ *Git*": "Git (HTTPS) 用の「特別なパスワード」", "専用パスワード": "特別なパスワード",
	"ホワイトリスト": "許可リスト、アクセス制限", "ウェブフック": "Webhook", "WebHook": "Webhook",
	"調整役": "コーディネーター", "小包": "依頼データ", "見知らぬ人": "信頼できない入力",
	// AWS.
	"警報": "アラーム", "流量制限": "スロットリング", "資格情報": "認証情報", "クレデンシャル": "認証情報", "合言葉": "トークン",
	"一定時間で比較": "定数時間で比較", "冪等": "べき等", "等冪": "べき等", "ロールにな": "ロールを引き受ける", "ブートストラップ": "初期構築（bootstrap）", "ドクター": "設定の診断",
	// Switchover and disaster recovery.
	"スイッチオーバー": "切り替え", "ロールアウト": "段階的な切り替え", "戻り道": "切り戻し", "帰り道": "切り戻し", "戻り方": "切り戻し", "控え": "待機系", "本拠": "メインリージョン",
	"独り立ち": "昇格", "文字盤": "トラフィックダイヤル", "ダイアル": "トラフィックダイヤル", "が失われた": "停止した（災害）", "遅れる番": "レプリケーションの遅延",
	// Manner.
	"告げ": "表示する", "尋ね": "問い合わせる", "ひとりでに": "自動で", "勝手に": "自動で", "堂々巡り": "鶏と卵の問題", "の隣": "同じ場所", "隣は": "依存関係のないワークスペース", "誰もが": "すべて", "驚く": "（事実を書く）",
	"——": "「、」または「。」", "？": "「。」", "！": "「。」",
	// Figures are Arabic.
	"一つ": "1 つ", "二つ": "2 つ", "三つ": "3 つ", "ひとつ": "1 つ", "ふたつ": "2 つ", "一回": "1 回", "二回": "2 回", "二度": "2 回", "一日": "1 日", "一件": "1 件", "一台": "1 台",
	// Long vowels.
	"レジストリー": "レジストリ", "プロキシー": "プロキシ", "ディレクトリー": "ディレクトリ", "リポジトリー": "リポジトリ", "ライブラリー": "ライブラリ", "メモリー": "メモリ", "クエリー": "クエリ", "パラメーター": "パラメータ", "アーキテクチャー": "アーキテクチャ",
	"サーバ": "サーバー", "ユーザ": "ユーザー", "フォルダ": "フォルダー", "ロードバランサ": "ロードバランサー", "エミュレータ": "エミュレーター", "ポインタ": "ポインター",
}

// allowedJapanese are phrases that hold one of japaneseWords in another sense.
var allowedJapanese = strings.NewReplacer(
	"秘密鍵", "", "古いバージョン", "", "再試行", "", "プルリクエスト", "", "プロバイダー", "",
	"サーバー", "", "サーバレス", "", "ユーザー", "", "フォルダー", "", "ロードバランサー", "", "エミュレーター", "", "ポインター", "",
	"記録を失った", "", "または失われた", "")

var (
	mermaid   = regexp.MustCompile("(?s)```mermaid.*?```")
	codeBlock = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	pageLink  = regexp.MustCompile(`\]\(([^():]*\.md)?(?:#([^)]*))?\)`)
)

// TestJapaneseWords reads the Japanese pages and messages and fails on each word
// of japaneseWords.
func TestJapaneseWords(t *testing.T) {
	t.Parallel()
	texts := readJapanese(t)
	if len(texts) < 7 {
		t.Fatalf("Japanese texts are %q", slices.Sorted(maps.Keys(texts)))
	}
	for path, text := range texts {
		text = mermaid.ReplaceAllStringFunc(text, func(diagram string) string { return strings.Repeat("\n", strings.Count(diagram, "\n")) })
		for i, line := range strings.Split(text, "\n") {
			plain := allowedJapanese.Replace(line)
			for word, instead := range japaneseWords {
				if strings.Contains(plain, word) {
					t.Errorf("%s:%d: use %s instead of %q: %s", path, i+1, instead, word, strings.TrimSpace(line))
				}
			}
		}
	}
}

// TestJapanesePages compares each Japanese page with the English page beside
// it: both have the same number of headings, table rows and code blocks. Links
// of the Japanese page to pages and headings lead somewhere.
func TestJapanesePages(t *testing.T) {
	t.Parallel()
	for path, text := range readJapanese(t) {
		base, isPage := strings.CutSuffix(path, ".ja.md")
		if !isPage {
			continue
		}
		if ja, en := pageShape(text), pageShape(readPage(t, base+".md")); ja != en {
			t.Errorf("%s has %+v, the English page %+v", path, ja, en)
		}
		for _, link := range pageLink.FindAllStringSubmatch(text, -1) {
			target := text
			if link[1] != "" {
				target = readPage(t, filepath.Join(filepath.Dir(path), link[1]))
			}
			if link[2] != "" && !slices.Contains(slugs(target), link[2]) {
				t.Errorf("%s: %s leads to no heading", path, link[0])
			}
		}
	}
}

// englishPages are the pages for those who work on the program.
var englishPages = []string{"benchmarks.md", "design.md"}

// TestOperatorsHaveJapanesePages: each other page of docs has a Japanese one beside it.
func TestOperatorsHaveJapanesePages(t *testing.T) {
	t.Parallel()
	for _, path := range tftest.Glob(t, "../docs/*.md") {
		base, isJapanese := strings.CutSuffix(path, ".ja.md")
		if isJapanese || slices.Contains(englishPages, filepath.Base(path)) {
			continue
		}
		if japanese := strings.TrimSuffix(base, ".md") + ".ja.md"; !exists(japanese) {
			t.Errorf("%s has no %s", path, japanese)
		}
	}
}

// TestJapanesePagesLinkJapanesePages: a link leads to the Japanese page where there is one.
func TestJapanesePagesLinkJapanesePages(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^):#]+)\.md(?:#[^)]*)?\)`)
	for _, path := range append(tftest.Glob(t, "../docs/*.ja.md"), "../README.ja.md") {
		for _, found := range link.FindAllStringSubmatch(readPage(t, path), -1) {
			page := filepath.Join(filepath.Dir(path), found[1])
			if !strings.HasSuffix(page, ".ja") && exists(page+".ja.md") {
				t.Errorf("%s links the English %s.md", path, found[1])
			}
		}
	}
}

type shape struct{ headings, rows, codeBlocks int }

func pageShape(text string) shape {
	prose := codeBlock.ReplaceAllString(text, "")
	return shape{
		headings:   len(heading.FindAllString(prose, -1)),
		rows:       strings.Count(prose, "\n|"),
		codeBlocks: len(codeBlock.FindAllString(text, -1)),
	}
}

// slugs returns the anchors that Markdown viewers give the headings of a page.
func slugs(text string) (anchors []string) {
	for _, h := range heading.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		slug := notInSlug.ReplaceAllString(strings.ToLower(h[1]), "")
		anchors = append(anchors, strings.ReplaceAll(slug, " ", "-"))
	}
	return anchors
}

// riskData holds the sentences of risk, in both languages.
var riskData = filepath.Join("..", "reconciler", "risk", "data")

// readJapanese returns the Japanese texts of the repository by path: the pages,
// the messages, and the sentences of risk.
func readJapanese(t *testing.T) map[string]string {
	texts := map[string]string{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != ".." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case strings.HasSuffix(path, ".ja.md"), strings.HasSuffix(path, ".hcl") && strings.HasPrefix(path, riskData):
			texts[path] = readPage(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	catalogue := filepath.Join("..", "reconciler", "notify", "catalog", "ja.json")
	texts[catalogue] = readPage(t, catalogue)
	if !json.Valid([]byte(texts[catalogue])) {
		t.Fatalf("%s is not JSON", catalogue)
	}
	for _, path := range tftest.Glob(t, "../reconciler/notify/catalog/ja/*.toml") {
		texts[path] = readPage(t, path)
	}
	return texts
}

func readPage(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

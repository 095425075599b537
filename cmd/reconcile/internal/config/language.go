package config

import (
	"cmp"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/reconciler/notify/catalog"
)

// langFlag is the name of the flag that chooses the language.
const langFlag = "lang"

// Language returns the language of help, results and errors: the one that --lang, its variable
// or the file of --config names, else the locale's. It does not fail: errors need it too.
func (s *Settings) Language(c *cobra.Command) string {
	language := cmp.Or(s.Lang, os.Getenv(envName(langFlag)))
	if language == "" {
		inFile, _ := s.readConfigFile(c) // ApplyEnvironment reports the error
		language = strings.Join(inFile[langFlag], "")
	}
	return cmp.Or(language, localeLanguage())
}

// localeLanguage returns the language of the locale if the catalogue has it, else English. The
// first variable that is set counts, as POSIX says of LC_MESSAGES.
func localeLanguage() string {
	locale := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	for _, language := range catalog.Languages() {
		if rest, ok := strings.CutPrefix(locale, language); ok && (rest == "" || strings.ContainsAny(rest[:1], "_.@-")) {
			return language
		}
	}
	return "en"
}

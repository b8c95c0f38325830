package demoidp

import (
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/yitong-hub/yitong/acl"
)

//go:embed page.html
var pageText embed.FS

var page = template.Must(template.ParseFS(pageText, "page.html"))

var languages = language.NewMatcher([]language.Tag{language.Chinese, language.English})

// languageOf is zh or en: what ?lang says, or what the browser likes, Chinese first.
func languageOf(r *http.Request, form url.Values) string {
	if asked := form.Get("lang"); asked == "zh" || asked == "en" {
		return asked
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(tags) == 0 {
		return "zh"
	}
	if _, index, _ := languages.Match(tags...); index == 1 {
		return "en"
	}
	return "zh"
}

// choose shows who one can be.
func (p *Provider) choose(w http.ResponseWriter, r *http.Request) {
	if one, _, ok := p.asked(w, r, r.URL.Query()); ok {
		p.page(w, r, one, http.StatusOK)
	}
}

// person is one of the list.
type person struct {
	ID, Name, Roles, Department, CampusID string
}

// shown is what the page shows.
type shown struct {
	Lang     string
	Words    words
	Request  request
	Action   string
	Other    string
	Groups   []group
	NotFound bool
}

type group struct {
	Title  string
	People []person
}

func (p *Provider) page(w http.ResponseWriter, r *http.Request, one request, status int) {
	form := r.URL.Query()
	if r.Method == http.MethodPost {
		form = r.PostForm
	}
	lang := languageOf(r, form)
	with := shown{
		Lang: lang, Words: vocabulary[lang], Request: one, Action: p.Path + "/authorize", NotFound: status != http.StatusOK,
		Groups: p.groups(lang), Other: p.Path + "/authorize?" + one.query(map[string]string{"zh": "en", "en": "zh"}[lang]),
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", lang)
	header.Set("Vary", "Accept-Language")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	header.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	_ = page.Execute(w, with) // who asked went away: there is nobody to tell
}

// query is the request in another language.
func (r request) query(lang string) string {
	return url.Values{
		"client_id": {r.Client}, "redirect_uri": {r.Redirect}, "state": {r.State}, "nonce": {r.Nonce}, "code_challenge": {r.Challenge},
		"code_challenge_method": {"S256"}, "response_type": {"code"}, "scope": {"openid"}, "lang": {lang},
	}.Encode()
}

// groups lists the people of the campus, those who look after data last: there
// is one in each department.
func (p *Provider) groups(lang string) []group {
	words := vocabulary[lang]
	groups := []group{{Title: words.People}, {Title: words.Stewards}}
	for _, principal := range p.People() {
		profile := principal.Profile()
		if profile.Kind != acl.KindPerson {
			continue
		}
		shown := person{
			ID: profile.ID, Name: nameOf(lang, profile), Roles: translated(lang, roleNames, profile.Roles, words.NoRole),
			Department: translated(lang, departmentNames, profile.Attributes[acl.AttributeDepartment], ""), CampusID: p.CampusID(principal),
		}
		place := 0
		if slices.Contains(profile.Roles, "steward") {
			place = 1
		}
		groups[place].People = append(groups[place].People, shown)
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.People) == 0 })
}

// nameOf is the name of a person, in English too where the demo has one.
func nameOf(lang string, profile acl.Profile) string {
	if lang == "zh" {
		return profile.Name
	}
	if name, known := englishNames[profile.ID]; known {
		return name + " " + profile.Name
	}
	if slices.Contains(profile.Roles, "steward") && len(profile.Attributes[acl.AttributeDepartment]) > 0 {
		return "Data steward, " + translated(lang, departmentNames, profile.Attributes[acl.AttributeDepartment], "") + " " + profile.Name
	}
	return profile.Name
}

// translated gives the names of ids, or the ids where they have none.
func translated(lang string, names map[string][2]string, ids []string, none string) string {
	if len(ids) == 0 {
		return none
	}
	texts, between := make([]string, len(ids)), "、"
	if lang == "en" {
		between = ", "
	}
	for i, id := range ids {
		texts[i] = id
		if name, known := names[id]; known && lang == "zh" {
			texts[i] = name[0]
		} else if known {
			texts[i] = name[1]
		}
	}
	return strings.Join(texts, between)
}

func splitScopes(text string) []string { return strings.Fields(text) }

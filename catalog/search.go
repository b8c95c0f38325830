package catalog

import (
	"context"
	"sort"
	"strings"

	"github.com/mozillazg/go-pinyin"
)

// Scores of a match, best first: the whole, its beginning, a part; a name
// counts more than a synonym or a description.
const (
	scoreWhole   = 100.0
	scorePrefix  = 60.0
	scorePart    = 40.0
	secondHand   = 0.6 // for synonyms and descriptions
	pinyinFactor = 0.8 // for matches by sound
)

// kindOrder breaks ties: what holds more comes first.
var kindOrder = map[string]int{"system": 0, "dataset": 1, "element": 2, "field": 3, "code_set": 4}

// searchable is one thing with the texts it is found by.
type searchable struct {
	hit    Hit
	names  []string
	others []string
}

// Search finds systems, datasets, fields, elements and code sets whose names,
// synonyms or descriptions hold every word of the query, in Chinese, English,
// pinyin or the initials of pinyin. The best limit hits come first.
func (c *Catalog) Search(ctx context.Context, query string, limit int) ([]Hit, error) {
	things, err := c.searchables(ctx)
	if err != nil {
		return nil, err
	}
	words := strings.Fields(strings.ToLower(query))
	hits := []Hit{}
	for _, thing := range things {
		if hit, found := thing.match(words); found {
			hits = append(hits, hit)
		}
	}
	sort.SliceStable(hits, func(i, j int) bool {
		a, b := hits[i], hits[j]
		if a.Score != b.Score {
			return a.Score > b.Score
		}
		if kindOrder[a.Kind] != kindOrder[b.Kind] {
			return kindOrder[a.Kind] < kindOrder[b.Kind]
		}
		return a.ID < b.ID
	})
	if limit > 0 && len(hits) > limit {
		hits = hits[:limit]
	}
	return hits, nil
}

// match takes the words as one phrase, or wants every word somewhere; the score
// is then the mean over the words.
func (s searchable) match(words []string) (Hit, bool) {
	if len(words) == 0 {
		return Hit{}, false
	}
	hit := s.hit
	if score, why := s.score(strings.Join(words, " ")); score > 0 {
		hit.Score, hit.Why = score, why
		return hit, true
	}
	var reasons []string
	for _, word := range words {
		score, why := s.score(word)
		if score == 0 {
			return Hit{}, false
		}
		hit.Score += score / float64(len(words))
		reasons = append(reasons, why)
	}
	hit.Why = strings.Join(reasons, "; ")
	return hit, true
}

func (s searchable) score(word string) (best float64, why string) {
	consider := func(score float64, reason string) {
		if score > best {
			best, why = score, reason
		}
	}
	for _, name := range s.names {
		consider(textScore(name, word), "name "+name)
		full, initials := sounds(name)
		consider(pinyinFactor*textScore(initials, word), "initials of "+name)
		consider(pinyinFactor*textScore(full, word), "pinyin of "+name)
	}
	for _, other := range s.others {
		consider(secondHand*textScore(other, word), "text "+other)
	}
	return best, why
}

func textScore(text, word string) float64 {
	text = strings.ToLower(text)
	switch {
	case text == "":
		return 0
	case text == word:
		return scoreWhole
	case strings.HasPrefix(text, word):
		return scorePrefix
	case strings.Contains(text, word):
		return scorePart
	}
	return 0
}

// sounds gives the pinyin of a Chinese name and its initials; empty for a name
// without Chinese characters.
func sounds(name string) (full, initials string) {
	var long, short strings.Builder
	for _, syllable := range pinyin.LazyPinyin(name, pinyin.NewArgs()) {
		long.WriteString(syllable)
		short.WriteString(syllable[:1])
	}
	return long.String(), short.String()
}

func (c *Catalog) searchables(ctx context.Context) ([]searchable, error) {
	systems, err := c.Systems(ctx)
	if err != nil {
		return nil, err
	}
	datasets, err := c.Datasets(ctx, "")
	if err != nil {
		return nil, err
	}
	fields, err := c.Fields(ctx, FieldFilter{})
	if err != nil {
		return nil, err
	}
	var things []searchable
	add := func(kind, id string, names, others []string) {
		things = append(things, searchable{hit: Hit{Kind: kind, ID: id, Title: names[0]}, names: append(names, id), others: others})
	}
	for _, system := range systems {
		add("system", system.ID, []string{system.Title.ZH, system.Title.EN}, nil)
	}
	for _, dataset := range datasets {
		add("dataset", dataset.ID, []string{dataset.Title.ZH, dataset.Title.EN, dataset.Name}, []string{dataset.Description, dataset.Source})
	}
	for _, field := range fields {
		add("field", field.Dataset+"."+field.Name, []string{field.Title.ZH, field.Title.EN, field.Name}, []string{field.From, field.Element})
	}
	for _, element := range c.standards.Elements {
		add("element", element.ID, []string{element.Title.ZH, element.Title.EN}, append([]string{element.Definition}, element.Synonyms...))
	}
	for _, codes := range c.standards.CodeSets {
		add("code_set", codes.ID, []string{codes.Title.ZH, codes.Title.EN}, []string{codes.Standard})
	}
	return things, nil
}

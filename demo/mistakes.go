package demo

import (
	"math/rand/v2"
	"strings"
)

// Rates of the mistakes that the systems make, as one in so many rows.
const (
	oneInWrongID    = 150
	oneInFullWidth  = 60
	oneInBadDate    = 200
	oneInStaleValue = 40
	oneInDuplicate  = 300
	oneInZeroDate   = 250
)

// fullWidth writes digits as an input method in the wrong mode does.
func fullWidth(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '０'
		}
		return r
	}, text)
}

// wrongID changes the check digit.
func wrongID(number string) string {
	last := byte('0')
	if number[17] == '0' {
		last = '1'
	}
	return number[:17] + string(last)
}

func oneIn(random *rand.Rand, n int) bool { return random.IntN(n) == 0 }

// dirtyMobile is a phone as typed in some office: full-width, with dashes, with
// the country's code, or out of date.
func dirtyMobile(random *rand.Rand, mobile string) string {
	switch random.IntN(oneInFullWidth) {
	case 0:
		return fullWidth(mobile)
	case 1:
		return mobile[:3] + "-" + mobile[3:7] + "-" + mobile[7:]
	case 2:
		return "+86 " + mobile
	}
	if oneIn(random, oneInStaleValue) {
		return newMobile(random)
	}
	return mobile
}

// dirtyName is a name with blanks in it or behind it; a few people appear under
// an earlier name.
func dirtyName(random *rand.Rand, name string) string {
	switch {
	case oneIn(random, 80):
		return name + " "
	case oneIn(random, 120):
		runes := []rune(name)
		return string(runes[:1]) + "　" + string(runes[1:])
	case oneIn(random, 400):
		return name + "（曾用名）"
	}
	return name
}

func dirtyID(random *rand.Rand, number string) string {
	if oneIn(random, oneInWrongID) {
		return wrongID(number)
	}
	return number
}

// luhnCard makes a bank card number whose check digit holds; few do not.
func luhnCard(random *rand.Rand) string {
	digits := []byte("6222020000000000000")
	for i := 6; i < 18; i++ {
		digits[i] = byte('0' + random.IntN(10))
	}
	sum := 0
	for i := range 18 {
		d := int(digits[i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	digits[18] = byte('0' + (10-sum%10)%10)
	if oneIn(random, oneInWrongID) {
		digits[18] = byte('0' + (int(digits[18]-'0')+1)%10)
	}
	return string(digits)
}

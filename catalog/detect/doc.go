// Package detect recognises sensitive content by its form: citizen ID numbers
// by their check digit, bank cards by Luhn's, mobile numbers, e-mail addresses,
// passports, personal names and postal addresses. What it finds is a proposal of
// an element for a steward to accept, never a decision. It imports the standard
// library only. Start at [Find].
package detect

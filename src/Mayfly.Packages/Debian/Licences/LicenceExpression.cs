namespace Mayfly.Packages.Debian.Licences;

/// <summary>What a copyright file or metadata say: one licence, all of several, or any of several.</summary>
public sealed record LicenceExpression
{
    private LicenceExpression(LicenceExpressionKind kind, string text, LicenceTerm? term, IReadOnlyList<LicenceExpression> parts)
        => (Kind, Text, Term, Parts) = (kind, text, term, parts);

    public LicenceExpressionKind Kind { get; }

    /// <summary>As the copyright file writes it.</summary>
    public string Text { get; }

    /// <summary>The licence, when <see cref="Kind"/> is <see cref="LicenceExpressionKind.One"/>.</summary>
    public LicenceTerm? Term { get; }

    /// <summary>What it is made of; empty for a single licence.</summary>
    public IReadOnlyList<LicenceExpression> Parts { get; }

    /// <summary>Every licence that is named.</summary>
    public IEnumerable<LicenceTerm> Terms => Term is null ? Parts.SelectMany(static part => part.Terms) : [Term];

    /// <summary>An SPDX licence expression (SPDX 2.3, annex D); what has no certain identifier there is a <c>LicenseRef-…</c>.</summary>
    public string Spdx => Write(static reference => reference);

    /// <summary>The same with other names for each <c>LicenseRef-…</c>, for documents in which such a name stands for one text.</summary>
    public string Write(Func<string, string> name) => Kind switch
    {
        LicenceExpressionKind.One => Term!.IsCertain ? Term.Spdx : name(Term.Spdx),
        LicenceExpressionKind.Unclear => name(LicenceName.Refer(Text)),
        _ => string.Join(Kind == LicenceExpressionKind.All ? " AND " : " OR ",
            Parts.Select(part => part.Kind is LicenceExpressionKind.One or LicenceExpressionKind.Unclear ? part.Write(name) : $"({part.Write(name)})").Distinct()),
    };

    public static LicenceExpression One(LicenceTerm term) => new(LicenceExpressionKind.One, term.Text, term, []);

    /// <summary>All of these at once; duplicates count once.</summary>
    public static LicenceExpression All(IEnumerable<LicenceExpression> parts) => Join(LicenceExpressionKind.All, " and ", parts);

    /// <summary>Any of these; duplicates count once.</summary>
    internal static LicenceExpression Any(IEnumerable<LicenceExpression> parts) => Join(LicenceExpressionKind.Any, " or ", parts);

    /// <summary>
    /// Reads the short names of a License field. <c>and</c> binds closer than <c>or</c> unless a comma comes before it, as the
    /// format says; a comma that stands elsewhere makes it unclear, and unclear is then the whole.
    /// </summary>
    /// <param name="text">The first line of the field.</param>
    /// <param name="textOf">Gives a licence's text by its short name, for names that only their text makes certain.</param>
    public static LicenceExpression Parse(string text, Func<string, string>? textOf = null)
    {
        var words = Words(text);
        var parsed = new Parser(words, textOf ?? (static _ => "")).Parse();
        if (parsed is not null)
            return new LicenceExpression(parsed.Kind, text, parsed.Term, parsed.Parts);
        // Whatever it means, these licences are named in it.
        var named = new List<LicenceExpression>();
        foreach (var group in Split(words, static word => word is "," or "(" or ")" || IsConjunction(word) || word.Equals("and/or", StringComparison.OrdinalIgnoreCase)))
            named.Add(One(LicenceName.Read(string.Join(' ', group), textOf ?? (static _ => ""))));
        return new LicenceExpression(LicenceExpressionKind.Unclear, text, null, named);
    }

    public override string ToString() => Spdx;

    private static LicenceExpression Join(LicenceExpressionKind kind, string conjunction, IEnumerable<LicenceExpression> parts)
    {
        var distinct = parts.DistinctBy(static part => part.Spdx).ToList();
        return distinct is [var one] ? one : new LicenceExpression(kind, string.Join(conjunction, distinct.Select(static part => part.Text)), null, distinct);
    }

    private static bool IsConjunction(string word) => word.Equals("and", StringComparison.OrdinalIgnoreCase) || word.Equals("or", StringComparison.OrdinalIgnoreCase);

    /// <summary>Words, commas and brackets.</summary>
    private static List<string> Words(string text)
    {
        var words = new List<string>();
        var start = -1;
        for (var at = 0; at <= text.Length; at++)
        {
            var c = at < text.Length ? text[at] : ' ';
            if (!char.IsWhiteSpace(c) && c is not (',' or '(' or ')'))
            {
                start = start < 0 ? at : start;
                continue;
            }

            if (start >= 0)
                words.Add(text[start..at]);
            start = -1;
            if (!char.IsWhiteSpace(c))
                words.Add(c.ToString());
        }

        return words;
    }

    private static IEnumerable<List<string>> Split(IEnumerable<string> words, Func<string, bool> at)
    {
        var group = new List<string>();
        foreach (var word in words)
        {
            if (!at(word))
            {
                group.Add(word);
                continue;
            }

            if (group.Count > 0)
                yield return group;
            group = [];
        }

        if (group.Count > 0)
            yield return group;
    }

    /// <summary>By descent: conjunctions after a comma, then <c>or</c>, then <c>and</c>, then one licence or brackets.</summary>
    private sealed class Parser(List<string> words, Func<string, string> textOf)
    {
        /// <summary>Deeper brackets than anybody writes; without a bound a hostile file could exhaust the stack.</summary>
        private const int Deepest = 20;

        private int _at;
        private int _depth;

        /// <summary>Null when it is unclear.</summary>
        public LicenceExpression? Parse() => words.Count == 0 ? null : Commas() is { } all && _at == words.Count ? all : null;

        private string? Word => _at < words.Count ? words[_at] : null;

        private bool Takes(string word)
        {
            if (Word is null || !Word.Equals(word, StringComparison.OrdinalIgnoreCase))
                return false;
            _at++;
            return true;
        }

        private LicenceExpression? Commas()
        {
            if (Or() is not { } first)
                return null;
            var parts = new List<LicenceExpression> { first };
            bool? all = null;
            while (Takes(","))
            {
                var and = Takes("and");
                // `A, and B, or C`: the format does not say what that means.
                if ((!and && !Takes("or")) || (all is { } before && before != and) || Or() is not { } next)
                    return null;
                all = and;
                parts.Add(next);
            }

            return all switch { null => first, true => All(parts), false => Any(parts) };
        }

        private LicenceExpression? Or()
        {
            var parts = new List<LicenceExpression>();
            do
            {
                if (And() is not { } part)
                    return null;
                parts.Add(part);
            }
            while (Takes("or"));
            return Any(parts);
        }

        private LicenceExpression? And()
        {
            var parts = new List<LicenceExpression>();
            do
            {
                if (Licence() is not { } part)
                    return null;
                parts.Add(part);
            }
            while (Takes("and"));
            return All(parts);
        }

        private LicenceExpression? Licence()
        {
            if (Takes("("))
            {
                if (++_depth > Deepest || Commas() is not { } inner || !Takes(")"))
                    return null;
                _depth--;
                return inner;
            }

            var from = _at;
            while (Word is { } word && word is not ("," or "(" or ")") && !IsConjunction(word))
            {
                if (word.Equals("and/or", StringComparison.OrdinalIgnoreCase))
                    return null;
                _at++;
            }

            return _at == from ? null : One(LicenceName.Read(string.Join(' ', words[from.._at]), textOf));
        }
    }
}

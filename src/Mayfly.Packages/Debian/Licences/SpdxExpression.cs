namespace Mayfly.Packages.Debian.Licences;

/// <summary>A licence expression of SPDX (2.3, annex D), as Python's metadata have it (PEP 639): every identifier is one of SPDX's list, or a <c>LicenseRef-…</c> of the project's own.</summary>
public sealed record SpdxExpression
{
    private SpdxExpression(string text, LicenceExpression licence) => (Text, Licence) = (text, licence);

    /// <summary>Normalized: identifiers as SPDX writes them, operators in capitals, one blank between two words.</summary>
    public string Text { get; }

    /// <summary>What it means; identifiers that SPDX has replaced, such as <c>GPL-2.0+</c>, by those that it has in their place.</summary>
    public LicenceExpression Licence { get; }

    /// <summary>Reads it, in whatever case it is written.</summary>
    /// <exception cref="MayflyException">It is none, or has an identifier that SPDX does not know; the message says which.</exception>
    public static SpdxExpression Parse(string text) =>
        TryParse(text, out var fault) ?? throw new MayflyException($"'{text}' is no licence expression: {fault}", "write identifiers of the SPDX licence list, LicenseRef-… for a licence of your own, and AND, OR and WITH between them (PEP 639)");

    /// <summary>The same.</summary>
    /// <param name="text">The expression.</param>
    /// <param name="fault">Why it is none, to be read behind it; null when it is one.</param>
    public static SpdxExpression? TryParse(string text, out string? fault)
    {
        string[] words = [.. text.Replace("(", " ( ", StringComparison.Ordinal).Replace(")", " ) ", StringComparison.Ordinal).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];
        var parser = new Parser(words);
        var licence = parser.Parse();
        fault = parser.Fault;
        return licence is null ? null : new SpdxExpression(string.Join(' ', parser.Normalized).Replace("( ", "(", StringComparison.Ordinal).Replace(" )", ")", StringComparison.Ordinal), licence);
    }

    public override string ToString() => Text;

    /// <summary>By descent: OR, in it AND, in it WITH, which binds closest but for the plus sign.</summary>
    private sealed class Parser(string[] words)
    {
        /// <summary>Deeper brackets than anybody writes; without a bound a hostile project could exhaust the stack.</summary>
        private const int Deepest = 100;

        private int _at;
        private int _depth;

        public string? Fault { get; private set; }

        public List<string> Normalized { get; } = [];

        public LicenceExpression? Parse() => Alternatives() is not { } all ? null : _at == words.Length ? all : Unexpected();

        private LicenceExpression? Alternatives() => Joined("OR", () => Joined("AND", Licence, LicenceExpression.All), LicenceExpression.Any);

        private LicenceExpression? Joined(string word, Func<LicenceExpression?> part, Func<IEnumerable<LicenceExpression>, LicenceExpression> join)
        {
            List<LicenceExpression> parts = [];
            do
            {
                if (part() is not { } read)
                    return null;
                parts.Add(read);
            }
            while (Takes(word));
            return join(parts);
        }

        private LicenceExpression? Licence()
        {
            if (Takes("("))
            {
                if (++_depth > Deepest)
                    return Wrong("its brackets are deeper than anybody's");
                if (Alternatives() is not { } inner)
                    return null;
                _depth--;
                return Takes(")") ? inner : _at == words.Length ? Wrong("a bracket is not closed") : Unexpected();
            }

            if (_at == words.Length || words[_at] is ")" || IsOperator(words[_at]))
                return Wrong(words.Length == 0 ? "it is empty" : _at == words.Length ? $"behind '{words[^1]}' a licence is missing" : $"a licence is missing before '{words[_at]}'");
            var text = words[_at++];
            if (LicenceName.OfSpdx(text) is not { } identifier)
                return Wrong(text.StartsWith(LicenceTerm.Reference, StringComparison.OrdinalIgnoreCase) ? $"'{text}' is no reference, which has letters, digits, full stops and hyphens behind {LicenceTerm.Reference}" : $"SPDX knows no licence '{text}'");
            Normalized.Add(identifier);
            var own = LicenceName.InPlaceOf(identifier);
            if (!Takes("WITH"))
                return LicenceExpression.One(new LicenceTerm(text, own, own.StartsWith(LicenceTerm.Reference, StringComparison.Ordinal) ? null : own));
            if (_at == words.Length)
                return Wrong("behind 'WITH' an exception is missing");
            if (LicenceName.ExceptionOfSpdx(words[_at]) is not { } exception)
                return Wrong($"SPDX knows no exception '{words[_at]}'");
            _at++;
            Normalized.Add(exception);
            // What a licence of somebody's own means with an exception, that one alone knows.
            return LicenceExpression.One(own.StartsWith(LicenceTerm.Reference, StringComparison.Ordinal) ? new LicenceTerm($"{text} WITH {exception}", $"{own}-WITH-{exception}", null) : new LicenceTerm($"{text} WITH {exception}", $"{own} WITH {exception}", own));
        }

        private bool Takes(string word)
        {
            if (_at == words.Length || !words[_at].Equals(word, StringComparison.OrdinalIgnoreCase))
                return false;
            _at++;
            Normalized.Add(word);
            return true;
        }

        private static bool IsOperator(string word) => word.Equals("AND", StringComparison.OrdinalIgnoreCase) || word.Equals("OR", StringComparison.OrdinalIgnoreCase) || word.Equals("WITH", StringComparison.OrdinalIgnoreCase);

        private LicenceExpression? Unexpected() => Wrong($"'{words[_at]}' is not expected behind '{words[_at - 1]}'");

        private LicenceExpression? Wrong(string fault)
        {
            Fault ??= fault;
            return null;
        }
    }
}

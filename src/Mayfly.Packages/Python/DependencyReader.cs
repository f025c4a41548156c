namespace Mayfly.Packages.Python;

/// <summary>Reads dependencies and markers from a text, by the grammar at the end of PEP 508.</summary>
/// <param name="text">The whole text.</param>
/// <param name="kind">What it should be, for messages.</param>
internal ref struct DependencyReader(string text, string kind)
{
    /// <summary>Parentheses in parentheses; nobody writes that many, and a reader that follows any number of them runs out of stack.</summary>
    private const int Deepest = 64;

    private ReadOnlySpan<char> _rest = text;
    private int _depth;

    public DependencySpecifier Dependency()
    {
        Skip();
        var begin = _rest;
        var name = Name("the name of a project");
        var written = begin[..^_rest.Length].ToString();
        Skip();
        var extras = Extras();
        Skip();
        if (Take("@"))
        {
            Skip();
            var address = Address();
            var blank = Skip();
            return new DependencySpecifier { Name = name, WrittenName = written, Extras = extras, Address = address, Marker = blank ? MarkerAfterSemicolon() : null };
        }

        var versions = Versions();
        Skip();
        return new DependencySpecifier { Name = name, WrittenName = written, Extras = extras, Versions = versions, Marker = MarkerAfterSemicolon() };
    }

    public Marker Marker()
    {
        List<Marker> any = [All()];
        while (Word("or"))
            any.Add(All());
        return any is [var one] ? one : new Marker.Any(any);
    }

    /// <summary>Nothing may follow.</summary>
    public void End()
    {
        Skip();
        if (!_rest.IsEmpty)
            throw Expected("the end");
    }

    private Marker All()
    {
        List<Marker> all = [Atom()];
        while (Word("and"))
            all.Add(Atom());
        return all is [var one] ? one : new Marker.All(all);
    }

    private Marker Atom()
    {
        Skip();
        if (!Take("("))
            return Comparison();
        if (++_depth > Deepest)
            throw Expected($"at most {Deepest} parentheses in each other");
        var marker = Marker();
        Skip();
        if (!Take(")"))
            throw Expected("a closing parenthesis");
        _depth--;
        Skip();
        return marker;
    }

    private MarkerComparison Comparison()
    {
        var left = Operand();
        Skip();
        var operation = Operator();
        Skip();
        var right = Operand();
        Skip();
        return new MarkerComparison(left, operation, right);
    }

    private MarkerOperand Operand()
    {
        if (_rest is ['\'' or '"', ..])
        {
            var length = _rest[1..].IndexOf(_rest[0]);
            if (length < 0)
                throw Expected("a closing quotation mark");
            var value = _rest.Slice(1, length);
            // The grammar has none, and Python's readers do not agree what it would mean.
            if (value.Contains('\\'))
                throw Expected("a text without a backslash");
            _rest = _rest[(length + 2)..];
            return new MarkerOperand(null, value.ToString());
        }

        var end = _rest.IndexOfAnyExcept(VariableCharacters);
        var name = end < 0 ? _rest : _rest[..end];
        if (MarkerOperand.Find(name) is not { } variable)
            throw Expected("a text in quotation marks or the name of a variable, such as python_version");
        _rest = _rest[name.Length..];
        return new MarkerOperand(variable, "");
    }

    private string Operator()
    {
        if (Word("in"))
            return "in";
        if (Word("not"))
        {
            if (Skip() && Word("in"))
                return "not in";
            throw Expected("'in' after 'not'");
        }

        foreach (var sign in MarkerComparison.Operators)
        {
            if (Take(sign))
                return sign;
        }

        throw Expected("one of == != <= >= < > ~= ===, in, not in");
    }

    private ProjectName Name(string what)
    {
        var length = _rest.IndexOfAnyExcept(NameCharacters);
        var name = length < 0 ? _rest : _rest[..length];
        if (!ProjectName.IsValid(name))
            throw Expected(what);
        _rest = _rest[name.Length..];
        return ProjectName.Normalise(name);
    }

    private ProjectName[] Extras()
    {
        if (!Take("["))
            return [];
        Skip();
        SortedSet<ProjectName> extras = new(Comparer<ProjectName>.Create(static (a, b) => string.CompareOrdinal(a.Text, b.Text)));
        if (Take("]"))
            return [];
        do
        {
            Skip();
            extras.Add(Name("the name of an extra"));
            Skip();
        }
        while (Take(","));
        return Take("]") ? [.. extras] : throw Expected("a comma or a closing bracket");
    }

    private string Address()
    {
        var length = _rest.IndexOfAny(' ', '\t');
        var address = length < 0 ? _rest : _rest[..length];
        if (!IsAddress(address))
            throw Expected("an address, such as https://…");
        _rest = _rest[address.Length..];
        return address.ToString();
    }

    /// <summary>RFC 3986: a scheme and an authority, which only a file's address may leave empty; brackets in it come in pairs.</summary>
    private static bool IsAddress(ReadOnlySpan<char> address)
    {
        var colon = address.IndexOf("://", StringComparison.Ordinal);
        if (colon <= 0 || !char.IsAsciiLetter(address[0]) || address[..colon].ContainsAnyExcept(SchemeCharacters))
            return false;
        var rest = address[(colon + 3)..];
        var end = rest.IndexOfAny('/', '?', '#');
        var authority = end < 0 ? rest : rest[..end];
        return authority.Contains('[') == authority.Contains(']') && (!authority.IsEmpty || address[..colon] is "git+file" || address[..colon].Equals("file", StringComparison.OrdinalIgnoreCase));
    }

    private VersionSpecifier Versions()
    {
        var enclosed = Take("(");
        Skip();
        List<VersionClause> clauses = [];
        while (VersionClause.Read(ref _rest) is { } clause)
        {
            clauses.Add(clause);
            Skip();
            if (!Take(","))
                break;
            Skip();
        }

        return !enclosed || Take(")") ? VersionSpecifier.Of(clauses) : throw Expected("a closing parenthesis");
    }

    private Marker? MarkerAfterSemicolon() => Take(";") ? Marker() : null;

    /// <summary>True when there was any.</summary>
    private bool Skip()
    {
        var before = _rest.Length;
        _rest = _rest.TrimStart(" \t");
        return _rest.Length < before;
    }

    private bool Take(string sign)
    {
        if (!_rest.StartsWith(sign, StringComparison.Ordinal))
            return false;
        _rest = _rest[sign.Length..];
        return true;
    }

    /// <summary>A word that does not go on.</summary>
    private bool Word(string word) =>
        _rest.StartsWith(word, StringComparison.Ordinal) && !(_rest.Length > word.Length && VariableCharacters.Contains(_rest[word.Length]) && _rest[word.Length] != '.') && Take(word);

    private readonly MayflyException Expected(string what)
    {
        var column = text.Length - _rest.Length + 1;
        return new MayflyException($"'{text}' is no {kind}: {what} is expected {(_rest.IsEmpty ? "at its end" : $"at character {column}, before '{_rest}'")}",
            (kind == "dependency" ? DependencySlip.Hint(text) : null) ?? "PEP 508 says how they are written: name[extra]>=1.4,<2; python_version < \"3.13\"");
    }

    private static readonly System.Buffers.SearchValues<char> NameCharacters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    private static readonly System.Buffers.SearchValues<char> SchemeCharacters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-");

    private static readonly System.Buffers.SearchValues<char> VariableCharacters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._");
}

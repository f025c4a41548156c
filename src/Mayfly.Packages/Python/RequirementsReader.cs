namespace Mayfly.Packages.Python;

/// <summary>Reads requirements files: a requirement and its options a line, or options for all.</summary>
internal sealed class RequirementsReader(Func<string, string> read, Func<string, string?> variable)
{
    private const string Hint = "pip's documentation has the format (\"Requirements File Format\"): a dependency, -r FILE, -c FILE, -e PATH or an option a line";

    private static readonly string[] StrongHashes = ["sha256", "sha384", "sha512"];

    /// <summary>Those that pip knows in such a file, by their long names; true when a value follows.</summary>
    private static readonly (string Long, char Short, bool Value)[] Options =
    [
        ("--index-url", 'i', true), ("--pypi-url", '\0', true), ("--extra-index-url", '\0', true), ("--no-index", '\0', false), ("--constraint", 'c', true), ("--requirement", 'r', true),
        ("--editable", 'e', true), ("--find-links", 'f', true), ("--no-binary", '\0', true), ("--only-binary", '\0', true), ("--prefer-binary", '\0', false),
        ("--require-hashes", '\0', false), ("--pre", '\0', false), ("--trusted-host", '\0', true), ("--use-feature", '\0', true),
        ("--install-option", '\0', true), ("--global-option", '\0', true), ("--hash", '\0', true),
    ];

    private readonly List<RequirementsEntry> _entries = [];
    private readonly Stack<string> _open = new();
    private RequirementsFile _all = new();

    public RequirementsFile Read(string path)
    {
        Read(path, constraints: false);
        return _all with { Entries = _entries };
    }

    private void Read(string path, bool constraints)
    {
        if (_open.Contains(path))
            throw new MayflyException($"{path} names itself, by way of {string.Join(", ", _open)}", "remove one of the -r or -c lines");
        _open.Push(path);
        foreach (var (number, line) in RequirementsText.Lines(read(path), variable))
            Line(path, number, line, constraints);
        _open.Pop();
    }

    private void Line(string file, int number, string line, bool constraints)
    {
        // What begins with a hyphen begins the options; before them stands at most one requirement, with blanks in it.
        var words = line.Split(' ');
        var first = Array.FindIndex(words, static word => word.StartsWith('-'));
        var requirement = string.Join(' ', first < 0 ? words : words[..first]);
        var options = Read(first < 0 ? "" : string.Join(' ', words[first..]), file, number);
        if (requirement.Length > 0 || Last("--editable") is not null)
        {
            var editable = requirement.Length == 0;
            _entries.Add(new RequirementsEntry
            {
                File = file,
                Line = number,
                Text = editable ? options.First(static option => option.Name == "--editable").Value : requirement,
                IsEditable = editable,
                IsConstraint = constraints,
                // Sources that are worked on have no hash.
                Hashes = editable ? [] : [.. options.Where(static option => option.Name == "--hash").Select(static option => option.Value)],
            });
        }
        else if (First("--requirement") is { } further)
        {
            Read(Beside(file, further), constraints: false);
        }
        else if (First("--constraint") is { } limits)
        {
            Read(Beside(file, limits), constraints: true);
        }
        else
        {
            _all = _all with
            {
                Index = Last("--index-url") ?? _all.Index,
                FurtherIndexes = [.. _all.FurtherIndexes, .. Each("--extra-index-url")],
                NoIndex = _all.NoIndex || Last("--no-index") is not null,
                FindLinks = [.. _all.FindLinks, .. Each("--find-links").Select(place => (file, place))],
                Formats = [.. _all.Formats, .. options.Where(static option => option.Name is "--no-binary" or "--only-binary").Select(static option => (option.Name == "--only-binary", option.Value))],
                PrefersWheels = _all.PrefersWheels || Last("--prefer-binary") is not null,
                RequiresHashes = _all.RequiresHashes || Last("--require-hashes") is not null,
                PreReleases = _all.PreReleases || Last("--pre") is not null,
                Access = _all.Access with { TrustedHosts = [.. _all.Access.TrustedHosts, .. Each("--trusted-host")] },
            };
        }

        string? First(string name) => Each(name).FirstOrDefault();
        string? Last(string name) => Each(name).LastOrDefault();
        IEnumerable<string> Each(string name) => options.Where(option => option.Name == name).Select(static option => option.Value);
    }

    private static List<(string Name, string Value)> Read(string text, string file, int number)
    {
        List<(string, string)> options = [];
        var words = new Queue<string>(RequirementsText.Words(text) ?? throw Wrong("a quotation mark or a backslash in it has no end"));
        while (words.TryDequeue(out var word) && word != "--")
        {
            if (word is not ['-', _, ..])
                continue; // pip does not look at what stands between options.
            string? value = null;
            (string Long, char Short, bool Value) option;
            if (word.StartsWith("--", StringComparison.Ordinal))
            {
                if (word.IndexOf('=') is > 0 and var equals)
                    (word, value) = (word[..equals], word[(equals + 1)..]);
                // A beginning is enough where it belongs to one option alone.
                option = Options.FirstOrDefault(one => one.Long == word);
                if (option.Long is null)
                    option = Options.Where(one => one.Long.StartsWith(word, StringComparison.Ordinal)).ToArray() is [var only] ? only : throw Wrong($"{word} is no option of such a file");
            }
            else
            {
                option = Options.FirstOrDefault(one => one.Short == word[1]);
                if (option.Long is null)
                    throw Wrong($"-{word[1]} is no option of such a file");
                value = word.Length > 2 ? word[2..] : null;
            }

            if (option.Value)
                value ??= words.TryDequeue(out var next) ? next : throw Wrong($"{word} needs a value");
            else if (value is not null)
                throw Wrong($"{word} takes no value");
            if (option.Long == "--hash" && !(value!.IndexOf(':') is > 0 and var colon && StrongHashes.Contains(value[..colon])))
                throw Wrong($"'{value}' is no hash: sha256, sha384 or sha512, a colon, and the digits");
            // It was called so once.
            options.Add((option.Long == "--pypi-url" ? "--index-url" : option.Long, value ?? ""));
        }

        return options;

        MayflyException Wrong(string why) => new($"{file}:{number}: {why}", Hint);
    }

    /// <summary>A path is meant from the folder of the file that names it.</summary>
    private static string Beside(string file, string named)
    {
        if (IsAddress(file))
        {
            var address = Uri.TryCreate(new Uri(file), named, out var meant) ? meant : throw new MayflyException($"{file} names {named}, which is no address", Hint);
            // What another host says must not read this one's files, whose lines may be shown.
            return !address.IsFile || new Uri(file).IsFile ? address.AbsoluteUri : throw new MayflyException($"{file} names {named}, a file of this machine, which a file of another host may not", "fetch it first, and look what is in it");
        }

        return IsAddress(named) ? named : Path.Combine(Path.GetDirectoryName(file) ?? "", named);
    }

    private static bool IsAddress(string text) => text.StartsWith("http:", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https:", StringComparison.OrdinalIgnoreCase) || text.StartsWith("file:", StringComparison.OrdinalIgnoreCase);
}

using System.Globalization;
using System.Text;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>A small archive drawn from a seed, with what is asked of it: several suites and architectures, pins, and requests in every form.</summary>
internal sealed class SmallArchive
{
    private static readonly string[] Suites = ["stable", "updates", "backports", "experimental"];
    private static readonly string[] Virtuals = ["va", "vb", "vc"];
    private readonly Random _random;
    private readonly string[] _names;
    private readonly Dictionary<string, string> _multiArch = [];
    private readonly Dictionary<string, bool> _all = [];

    public SmallArchive(int seed)
    {
        _random = new Random(seed);
        Architectures = _random.Next(2) == 0 ? ["amd64"] : ["amd64", "i386"];
        _names = [.. Enumerable.Range(0, 8 + _random.Next(10)).Select(number => $"p{(char)('a' + number)}")];
        foreach (var name in _names)
        {
            _all[name] = Chance(5);
            _multiArch[name] = _random.Next(8) switch { 0 or 1 => "same", 2 or 3 => "foreign", 4 => "allowed", _ => "no" };
            if (_all[name] && _multiArch[name] == "same")
                _multiArch[name] = "foreign";
        }

        var stanzas = new Dictionary<(string Name, int Version), Dictionary<string, string>>();
        SmallSuites = [.. Suites.Take(1 + _random.Next(Suites.Length)).Select((suite, at) => new SmallSuite(suite, at == 1 ? "two.example" : "one.example",
            suite switch { "backports" => "NotAutomatic: yes\nButAutomaticUpgrades: yes\n", "experimental" => "NotAutomatic: yes\n", _ => "" }, Packages(suite, stanzas)))];
        Pins = [.. Enumerable.Range(0, _random.Next(4)).Select(_ => Pin())];
        Recommends = _random.Next(2) == 0;
        Requests = [.. Enumerable.Range(0, 1 + _random.Next(3)).Select(_ => Request(stanzas.Keys.ToArray())).DistinctBy(request => request.Split('=', '/', ':', '-')[0]).Order(StringComparer.Ordinal)];
    }

    public IReadOnlyList<string> Architectures { get; }

    public IReadOnlyList<SmallSuite> SmallSuites { get; }

    public IReadOnlyList<Pin> Pins { get; }

    public bool Recommends { get; }

    public IReadOnlyList<string> Requests { get; }

    /// <summary>The pins as apt reads them.</summary>
    public string Preferences => string.Concat(Pins.Select(pin => string.Create(CultureInfo.InvariantCulture, $"Package: {pin.Packages}\nPin: {pin.Match}\nPin-Priority: {pin.Priority}\n\n")));

    private bool Chance(int of) => _random.Next(of) == 0;

    private string Name() => _names[_random.Next(_names.Length)];

    private Dictionary<string, string> Packages(string suite, Dictionary<(string, int), Dictionary<string, string>> stanzas)
    {
        var lists = Architectures.ToDictionary(architecture => architecture, _ => new StringBuilder());
        foreach (var name in _names)
        {
            if (suite != "stable" && !Chance(2))
                continue;
            var version = suite switch { "stable" => 1 + _random.Next(2), "updates" => 1 + _random.Next(3), _ => 2 + _random.Next(4) };
            if (!stanzas.TryGetValue((name, version), out var made))
                stanzas.Add((name, version), made = Stanzas(name, version));
            foreach (var (architecture, stanza) in made)
            {
                foreach (var list in architecture == "all" ? Architectures : [architecture])
                    lists[list].Append(stanza);
            }
        }

        return lists.ToDictionary(list => list.Key, list => list.Value.ToString());
    }

    /// <summary>The same in each suite: a version of a package is one package.</summary>
    private Dictionary<string, string> Stanzas(string name, int version)
    {
        var fields = new StringBuilder();
        if (_multiArch[name] != "no")
            fields.Append(CultureInfo.InvariantCulture, $"Multi-Arch: {_multiArch[name]}\n");
        fields.Append(CultureInfo.InvariantCulture, $"Priority: {(Chance(6) ? "important" : "optional")}\n");
        Field("Depends", _random.Next(3), versions: true);
        if (Chance(3))
            Field("Recommends", 1, versions: false);
        if (Chance(14))
            fields.Append(CultureInfo.InvariantCulture, $"{(Chance(2) ? "Conflicts" : "Breaks")}: {Name()}{(Chance(2) ? $" (<< {2 + _random.Next(2)})" : "")}\n");
        if (Chance(5))
            fields.Append(CultureInfo.InvariantCulture, $"Provides: {Virtuals[_random.Next(3)]}{(Chance(2) ? $" (= {version})" : "")}\n");
        return (_all[name] ? ["all"] : Architectures).ToDictionary(architecture => architecture, architecture =>
            $"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: Nobody <nobody@example.org>\n{fields}Filename: pool/{name}_{version}_{architecture}.deb\nSize: 1\nSHA256: {Hash(name, version, architecture)}\nDescription: {name}\n\n");

        void Field(string field, int count, bool versions)
        {
            if (count > 0)
                fields.Append(CultureInfo.InvariantCulture, $"{field}: {string.Join(", ", Enumerable.Range(0, count).Select(_ => string.Join(" | ", Enumerable.Range(0, Chance(3) ? 2 : 1).Select(_ => Relation(versions)))))}\n");
        }
    }

    private string Relation(bool versions)
    {
        if (Chance(6))
            return Virtuals[_random.Next(3)];
        var name = Name();
        if (Chance(6) && _multiArch[name] == "allowed")
            return $"{name}:any";
        return versions && Chance(3) ? $"{name} ({(Chance(4) ? "<<" : ">=")} {1 + _random.Next(3)})" : name;
    }

    private Pin Pin()
    {
        var packages = _random.Next(5) switch { 0 => "*", 1 => "p[a-d]", 2 => $"{Name()} {Name()}", 3 when Architectures.Count > 1 => $"{Name()}:{(Chance(2) ? "any" : "i386")}", _ => Name() };
        var match = _random.Next(packages == "*" ? 1 : 0, 6) switch
        {
            0 => $"version {1 + _random.Next(4)}{(Chance(2) ? "*" : "")}",
            1 => $"release a={Suites[_random.Next(4)]}",
            2 => $"release n={Suites[_random.Next(4)]}-c*",
            3 => $"release o=Small,l=Small-{Suites[_random.Next(4)]}",
            4 => $"release c={(Chance(2) ? "main" : "contrib")}",
            _ => Chance(2) ? "origin two.example" : "origin \"one.example\"",
        };
        return new Pin(packages, match, ((int[])[1001, 990, 500, 100, 1, -1, -10, 600])[_random.Next(8)]);
    }

    private string Request((string Name, int Version)[] made)
    {
        var (name, version) = made[_random.Next(made.Length)];
        return _random.Next(9) switch
        {
            0 => $"{name}={version}",
            1 => $"{name}={version}*",
            2 => $"{name}/{SmallSuites[_random.Next(SmallSuites.Count)].Name}",
            3 => $"{name}/{SmallSuites[_random.Next(SmallSuites.Count)].Name}-code",
            4 when Architectures.Count > 1 => $"{name}:i386",
            5 => $"{name}-",
            _ => name,
        };
    }

    private static string Hash(string name, int version, string architecture) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes($"{name} {version} {architecture}")));
}

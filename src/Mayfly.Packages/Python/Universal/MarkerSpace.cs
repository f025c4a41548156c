using System.Globalization;

namespace Mayfly.Packages.Python.Universal;

/// <summary>
/// Markers over a list of environments: each means the set of those in which it holds, so that <c>and</c>, <c>or</c> and <c>not</c> are those of sets, and any set is written as a
/// marker that is as short as can be there.
/// </summary>
/// <remarks>
/// What a marker says of environments that are not in the list does not matter. So what an environment implies goes by itself: where Windows alone is no POSIX system, nobody need
/// write <c>os_name</c> beside <c>sys_platform</c>. uv keeps markers as decision diagrams over all environments there might be, and simplifies them under what <c>requires-python</c> and
/// the declared environments say; a list that is finite makes tables of that.
/// </remarks>
public sealed class MarkerSpace
{
    /// <summary>By these environments are told apart, beside the version of Python.</summary>
    private static readonly MarkerVariable[] Variables = [MarkerVariable.SysPlatform, MarkerVariable.PlatformMachine, MarkerVariable.ImplementationName];

    private readonly Term[] _terms;

    /// <param name="environments">Of no two of them everything is the same by which they are told apart: Python, <c>sys_platform</c>, <c>platform_machine</c> and <c>implementation_name</c>.</param>
    /// <exception cref="ArgumentException">Two of them are.</exception>
    public MarkerSpace(IReadOnlyList<MarkerEnvironment> environments)
    {
        Environments = environments;
        All = EnvironmentSet.First(environments.Count);
        if (environments.GroupBy(static one => (one.PythonFullVersion, one.SysPlatform, one.PlatformMachine, one.ImplementationName)).Any(static group => group.Count() > 1))
            throw new ArgumentException("markers cannot tell two of the environments apart", nameof(environments));
        var choices = Variables.Select(Equalities).Prepend(Pythons());
        // Of terms that mean the same the shortest is enough.
        _terms = [.. choices.Aggregate((IEnumerable<Term>)[new Term([], All)], static (terms, one) => [.. terms.SelectMany(term => one.Select(term.And)).Where(static term => !term.Meaning.IsEmpty).GroupBy(static term => term.Meaning).Select(static group => group.MinBy(static term => term.Price)!)])];
    }

    public IReadOnlyList<MarkerEnvironment> Environments { get; }

    /// <summary>Every one of them.</summary>
    public EnvironmentSet All { get; }

    /// <summary>Where a marker holds.</summary>
    /// <param name="marker">Null: everywhere.</param>
    public EnvironmentSet Where(Marker? marker) => marker is null ? All
        : Environments.Index().Where(one => marker.Holds(one.Item)).Aggregate(EnvironmentSet.Empty, static (set, one) => set | EnvironmentSet.Of(one.Index));

    /// <summary>A marker that holds in these environments and in no other one of the list; null where it is all of them.</summary>
    /// <param name="set">Not none: no marker says "never".</param>
    public Marker? Write(EnvironmentSet set)
    {
        if (set.IsEmpty)
            throw new ArgumentException("no marker says never", nameof(set));
        // Whatever says nothing wrong may be said; what says most is said first, or what says most with few words, whichever comes out shorter.
        var possible = _terms.Where(term => term.Meaning.IsWithin(set)).ToArray();
        return new[] { Cover(set, possible, 0), Cover(set, possible, 1) }.MinBy(static marker => marker?.ToString().Length ?? 0);
    }

    private static Marker? Cover(EnvironmentSet set, Term[] possible, double priceOfWords)
    {
        List<Term> said = [];
        for (var left = set; !left.IsEmpty; left -= said[^1].Meaning)
            said.Add(possible.MaxBy(term => ((term.Meaning & left).Count / Math.Pow(term.Atoms.Count + 1, priceOfWords), -term.Price))!);
        foreach (var term in said.ToArray().Where(term => set.IsWithin(said.Where(other => other != term).Aggregate(EnvironmentSet.Empty, static (all, other) => all | other.Meaning))))
            said.Remove(term);
        Marker[] any = [.. said.Select(static term => term.Atoms is [var one] ? one : new Marker.All(term.Atoms))];
        return any is [Marker.All { Markers: [] }] ? null : any is [var alone] ? alone : new Marker.Any(any);
    }

    private IEnumerable<Term> Equalities(MarkerVariable variable)
    {
        yield return new Term([], All);
        var values = Environments.Select(one => one[variable]).Distinct().ToArray();
        foreach (var value in values.Length > 1 ? values : [])
        {
            yield return Of(new MarkerComparison(new MarkerOperand(variable, ""), "==", new MarkerOperand(null, value)));
            yield return Of(new MarkerComparison(new MarkerOperand(variable, ""), "!=", new MarkerOperand(null, value)));
        }
    }

    /// <summary>Ranges of Python, which begin and end where versions of the list do; and one minor version, or all but one.</summary>
    private IEnumerable<Term> Pythons()
    {
        yield return new Term([], All);
        var versions = Environments.Select(static one => one.PythonFullVersion).DistinctBy(static one => PythonVersion.Parse(one)).OrderBy(static one => PythonVersion.Parse(one)).ToArray();
        var minors = versions.Select(Minor).Distinct().ToArray();
        Term[] from = [.. Enumerable.Range(1, versions.Length - 1).Select(at => Of(Bound(at, ">=")))], below = [.. Enumerable.Range(1, versions.Length - 1).Select(at => Of(Bound(at, "<")))];
        foreach (var one in below.Concat(from))
            yield return one;
        foreach (var minor in minors.Length > 1 ? minors : [])
        {
            yield return Of(Compared(MarkerVariable.PythonVersion, "==", minor));
            yield return Of(Compared(MarkerVariable.PythonVersion, "!=", minor));
        }

        foreach (var (at, one) in from.Index())
        {
            foreach (var end in below[(at + 1)..])
                yield return one.And(end);
        }

        // Where a minor version begins its two numbers are enough.
        MarkerComparison Bound(int at, string sign) => Minor(versions[at]) == Minor(versions[at - 1]) ? Compared(MarkerVariable.PythonFullVersion, sign, versions[at]) : Compared(MarkerVariable.PythonVersion, sign, Minor(versions[at]));

        static MarkerComparison Compared(MarkerVariable variable, string sign, string version) => new(new MarkerOperand(variable, ""), sign, new MarkerOperand(null, version));

        static string Minor(string version) => PythonVersion.Parse(version).Release is var numbers ? string.Create(CultureInfo.InvariantCulture, $"{numbers[0]}.{numbers[1]}") : "";
    }

    private Term Of(MarkerComparison comparison) => new([comparison], Where(comparison));

    /// <summary>Comparisons that must all hold, and where they do.</summary>
    private sealed record Term(IReadOnlyList<Marker> Atoms, EnvironmentSet Meaning)
    {
        /// <summary>Of two that mean the same, that is said which has fewer comparisons, and of those the one that people would write.</summary>
        public int Price { get; } = Atoms.Sum(static atom => 100 + (atom is MarkerComparison { Left.Variable: { } variable } ? Array.IndexOf(Variables, variable) : 0));

        public Term And(Term other) => new([.. Atoms, .. other.Atoms], Meaning & other.Meaning);
    }
}

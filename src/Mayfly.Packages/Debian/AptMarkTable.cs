namespace Mayfly.Packages.Debian;

/// <summary>The marks of all packages, and what their relations mean by them: the candidates alone, in apt's order of preference.</summary>
internal sealed class AptMarkTable
{
    private readonly DebianCandidates _candidates;
    private readonly bool _recommends;
    private readonly Dictionary<string, AptMark> _marks = new(StringComparer.Ordinal);
    private readonly List<AptMark> _installed = [];
    private readonly Dictionary<Relation, List<AptMark>> _meeting = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<BinaryPackage, IReadOnlyList<Conflict>> _conflicts = new(ReferenceEqualityComparer.Instance);

    public AptMarkTable(DebianCandidates candidates, bool recommends, IReadOnlyList<BinaryPackage> installed)
    {
        _candidates = candidates;
        _recommends = recommends;
        foreach (var package in installed)
        {
            var mark = new AptMark(package.Key, package) { IsInstalled = true };
            _marks.Add(package.Key, mark);
            _installed.Add(mark);
        }
    }

    /// <summary>One thing that a package excludes, and the candidates that it means.</summary>
    public sealed record Conflict(List<AptMark> With);

    /// <summary>What is there from the beginning.</summary>
    public IReadOnlyList<AptMark> Installed => _installed;

    public AptMark Mark(string key)
    {
        if (!_marks.TryGetValue(key, out var mark))
            _marks.Add(key, mark = new AptMark(key, _candidates.Versions(key).FirstOrDefault()));
        return mark;
    }

    public bool Names(BinaryPackage package, BinaryPackage other) => Needs(package).SelectMany(static need => need.Dependency.Alternatives)
        .Any(relation => relation.Name == other.Name || other.Provides.Any(provided => provided.Alternatives[0].Name == relation.Name));

    /// <summary>Copies of a Multi-Arch: same package for several architectures have one version.</summary>
    public bool IsInSync(AptMark mark, bool asked) => asked || mark.IsThere || mark.Candidate is not { MultiArch: MultiArch.Same } package
        || _installed.TrueForAll(other => other == mark || other.Candidate!.Name != package.Name || other.Candidate.MultiArch != MultiArch.Same || other.Candidate.Version.Text == package.Version.Text);

    public bool HasCandidate(Relation relation, BinaryPackage package)
    {
        var meeting = Meeting(relation, package);
        if (meeting.Exists(static mark => mark.Candidate is not null))
            return true;
        if (meeting.Count == 0)
            return false;
        var looked = meeting.Max(static mark => mark.Updated);
        return meeting.Exists(mark => mark.Discarded > looked);
    }

    public bool IsBroken(AptMark mark) => mark.Candidate is { } package && mark.IsThere
        && (package.PreDepends.Concat(package.Depends).Any(dependency => !IsMet(dependency, package)) || Conflicts(package).Any(static conflict => conflict.With.Exists(static other => other.IsThere)));

    public bool LacksRecommended(AptMark mark) => mark.Candidate is { } package && package.Recommends.Any(dependency => !IsMet(dependency, package));

    public bool IsMet(Dependency dependency, BinaryPackage package) => dependency.Alternatives.Any(relation => Meeting(relation, package).Exists(static mark => mark.IsThere));

    public IEnumerable<(Dependency Dependency, bool Optional)> Needs(BinaryPackage package) =>
        package.PreDepends.Concat(package.Depends).Select(static dependency => (dependency, false)).Concat(_recommends ? package.Recommends.Select(static dependency => (dependency, true)) : []);

    /// <summary>What could meet a dependency, without what is ruled out for good; sorted as apt tries it.</summary>
    public List<AptMark> Solutions(Dependency dependency, BinaryPackage package, bool sorted)
    {
        var found = dependency.Alternatives.Where(relation => HasCandidate(relation, package))
            .SelectMany(relation => Meeting(relation, package).Where(static mark => mark.Candidate is not null).OrderBy(static mark => mark.IsProtected ? 0 : 1));
        if (sorted)
            found = found.OrderBy(static mark => mark.IsInstalled ? 0 : 1);
        return [.. found.Distinct().Where(static mark => !mark.IsProtected || mark.IsThere)];
    }

    /// <summary>The candidates that a relation of a package means, in apt's order of preference.</summary>
    public List<AptMark> Meeting(Relation relation, BinaryPackage package)
    {
        if (!_meeting.TryGetValue(relation, out var found))
            _meeting.Add(relation, found = [.. _candidates.Meeting(relation, package.Home).Select(other => (Mark: Mark(other.Key), other)).Where(static pair => pair.Mark.First == pair.other).Select(static pair => pair.Mark).Distinct()]);
        return found;
    }

    public IReadOnlyList<Conflict> Conflicts(BinaryPackage package)
    {
        if (!_conflicts.TryGetValue(package, out var found))
        {
            _conflicts.Add(package, found = [.. _candidates.Exclusions(package)
                .Select(exclusion => new Conflict([.. exclusion.Others.Select(other => (Mark: Mark(other.Key), other)).Where(static pair => pair.Mark.First == pair.other).Select(static pair => pair.Mark).Distinct()]))
                .Where(static conflict => conflict.With.Count > 0)]);
        }

        return found;
    }
}

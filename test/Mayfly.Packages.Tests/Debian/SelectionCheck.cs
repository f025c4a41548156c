using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>Whether a selection holds, found out by no code of the resolver: every relation of every package is read and looked up, one by one.</summary>
internal static class SelectionCheck
{
    /// <summary>What is wrong with it; empty when nothing is.</summary>
    public static IReadOnlyList<string> Faults(IReadOnlyList<BinaryPackage> selection, string native = "amd64")
    {
        var faults = new List<string>();
        foreach (var package in selection)
        {
            var home = package.Architecture == "all" ? native : package.Architecture;
            foreach (var dependency in package.PreDepends.Concat(package.Depends))
            {
                if (!dependency.Alternatives.Any(relation => selection.Any(other => Satisfies(other, relation, home))))
                    faults.Add($"{package} depends on {dependency}");
            }

            foreach (var relation in package.Conflicts.Concat(package.Breaks).SelectMany(dependency => dependency.Alternatives))
            {
                foreach (var other in selection.Where(other => other.Name != package.Name && IsHit(other, relation)))
                    faults.Add($"{package} excludes {relation}: {other}");
            }

            foreach (var other in selection.Where(other => !ReferenceEquals(other, package) && other.Name == package.Name))
            {
                if (other.Architecture == package.Architecture || package.MultiArch != MultiArch.Same || other.MultiArch != MultiArch.Same || other.Version.Text != package.Version.Text)
                    faults.Add($"{package} beside {other}");
            }
        }

        return faults;

        bool Satisfies(BinaryPackage other, Relation relation, string home)
        {
            var architecture = other.Architecture == "all" ? native : other.Architecture;
            var reached = relation.Qualifier switch
            {
                null => architecture == home || other.MultiArch == MultiArch.Foreign,
                "any" => other.MultiArch == MultiArch.Allowed && other.Name == relation.Name,
                "native" => architecture == native,
                _ => architecture == relation.Qualifier,
            };
            return reached && IsCalled(other, relation);
        }

        bool IsHit(BinaryPackage other, Relation relation) => relation.Qualifier switch
        {
            null => IsCalled(other, relation),
            "any" => other.MultiArch == MultiArch.Allowed && IsCalled(other, relation),
            _ => other.Architecture == relation.Qualifier && IsCalled(other, relation),
        };
    }

    private static bool IsCalled(BinaryPackage package, Relation relation)
    {
        if (package.Name == relation.Name && Fits(package.Version.Text, relation))
            return true;
        return package.Provides.Select(static provided => provided.Alternatives[0]).Any(own => own.Name == relation.Name
            && (relation.Operator == VersionOperator.Any || (own.Operator == VersionOperator.Equal && Fits(own.Version.Text, relation))));
    }

    private static bool Fits(string version, Relation relation)
    {
        var order = new DebianVersion(version).CompareTo(relation.Version);
        return relation.Operator switch
        {
            VersionOperator.Any => true,
            VersionOperator.Earlier => order < 0,
            VersionOperator.EarlierOrEqual => order <= 0,
            VersionOperator.Equal => order == 0,
            VersionOperator.LaterOrEqual => order >= 0,
            _ => order > 0,
        };
    }
}

using CsCheck;

namespace Mayfly.Resolver.Tests;

/// <summary>The solver against trying everything, on small universes where that is possible.</summary>
public sealed class SolverTests
{
    private const int Packages = 5, Versions = 2, Candidates = Packages * Versions;

    private static readonly Gen<Universe> GenUniverse =
        from requirements in Gen.Int[0, Candidates - 1].Array[0, 3].Array[0, 2].Array[Candidates]
        from exclusions in Gen.Int[0, Candidates - 1].Array[0, 2].Array[Candidates]
        from requests in Gen.Int[0, Candidates - 1].Array[1, 3].Array[1, 3]
        select new Universe(requirements, exclusions, requests);

    [Fact]
    public void Agrees_with_trying_everything() => GenUniverse.Sample(universe =>
    {
        var resolution = Solver.Solve(universe, universe.Requests.Select(request => new Requirement("request", request)));
        var possible = Enumerable.Range(0, 1 << Candidates).Any(set => universe.IsSolution(set));
        if (resolution.Failure is not null)
            return !possible && DerivationText.Render(resolution.Failure).Length > 0;
        return possible && universe.IsSolution(resolution.Selected.Sum(candidate => 1 << candidate));
    }, seed: "0000KOIXmR_3", iter: 20_000);

    [Fact]
    public void Same_question_has_the_same_answer() => GenUniverse.Sample(universe =>
    {
        var requests = universe.Requests.Select(request => new Requirement("request", request)).ToList();
        return Solver.Solve(universe, requests).Selected.SequenceEqual(Solver.Solve(universe, requests).Selected);
    }, seed: "0000KOIXmR_3", iter: 2_000);

    [Fact]
    public void Nothing_is_selected_that_nobody_needs() => GenUniverse.Sample(universe =>
    {
        var selected = Solver.Solve(universe, universe.Requests.Select(request => new Requirement("request", request))).Selected;
        var needed = universe.Requests.SelectMany(request => request)
            .Concat(selected.SelectMany(candidate => universe.Examine(candidate).Requirements).SelectMany(requirement => requirement.Candidates)).ToHashSet();
        return selected.All(needed.Contains);
    }, seed: "0000KOIXmR_3", iter: 5_000);

    [Fact]
    public void Optional_requirement_never_makes_it_fail() => GenUniverse.Sample(universe =>
    {
        var requests = universe.Requests.Select(request => new Requirement("request", request)).ToList();
        var plain = Solver.Solve(universe, requests);
        var more = Solver.Solve(universe, requests.Append(new Requirement("wish", [0, 3, 7]) { Optional = true }));
        return (plain.Failure is null) == (more.Failure is null);
    }, seed: "0000KOIXmR_3", iter: 5_000);

    [Fact]
    public void What_was_asked_before_does_not_matter() => Gen.Select(GenUniverse, Gen.Int[0, Candidates - 1].Array[1, 3].Array[1, 3].Array[2, 4]).Sample((universe, questions) =>
    {
        var solver = new Solver(universe);
        return questions.Append(universe.Requests).All(question =>
        {
            Requirement[] requests = [.. question.Select(request => new Requirement("request", request))];
            var (one, other) = (solver.Solve(requests), Solver.Solve(universe, requests));
            return one.Selected.SequenceEqual(other.Selected) && one.Conflicts == other.Conflicts && Passed(one).SequenceEqual(Passed(other))
                && (one.Failure is null ? other.Failure is null : other.Failure is not null && DerivationText.Render(one.Failure) == DerivationText.Render(other.Failure));
        });

        static IEnumerable<string> Passed(Resolution resolution) => resolution.PassedOver.Select(static passed => $"{string.Join(' ', passed.Requirement.Candidates)}: {passed.Chosen}");
    }, seed: "0000KOIXmR_3", iter: 10_000);

    private sealed record Universe(int[][][] Requirements, int[][] Exclusions, int[][] Requests) : ICandidateProvider
    {
        public CandidateRelations Examine(int candidate) => new(
            [.. Requirements[candidate].Select(requirement => new Requirement("requirement", requirement))],
            [new Exclusion("excludes", [.. Exclusions[candidate].Where(other => other != candidate)])]);

        public int PackageOf(int candidate) => candidate / Versions;

        public string Describe(int candidate) => $"p{candidate / Versions} {candidate % Versions}";

        public bool IsSolution(int set)
        {
            bool Has(int candidate) => (set >> candidate & 1) != 0;
            return Requests.All(request => request.Any(Has))
                && Enumerable.Range(0, Packages).All(package => !(Has(package * Versions) && Has((package * Versions) + 1)))
                && Enumerable.Range(0, Candidates).Where(Has).All(candidate =>
                    Requirements[candidate].All(requirement => requirement.Any(Has))
                    && Exclusions[candidate].All(other => other == candidate || !Has(other)));
        }
    }
}

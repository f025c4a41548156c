namespace Mayfly.Packages.Python;

/// <summary>Which wheels an interpreter can use, and which it likes best; PEP 425, "Use".</summary>
public sealed record InterpreterTags
{
    /// <summary><c>cp</c>, <c>pp</c>, or another implementation's name.</summary>
    public required string Implementation { get; init; }

    public required int Major { get; init; }

    public required int Minor { get; init; }

    /// <summary>The binary interfaces that are its own, such as <c>cp311</c>; the best first.</summary>
    public required IReadOnlyList<string> Abis { get; init; }

    /// <summary>The platforms whose wheels it can use; the best first.</summary>
    public required IReadOnlyList<string> Platforms { get; init; }

    /// <summary>All tags, the best first.</summary>
    public IReadOnlyList<WheelTag> All()
    {
        List<WheelTag> tags = [];
        var own = $"{Implementation}{Major}{Minor}";
        if (Implementation == "cp")
        {
            AddAll([own], Abis);
            // PEP 703: without the global lock there is no stable interface yet.
            var stable = Major == 3 && Minor >= 2 && !Abis.Any(static abi => abi.EndsWith('t'));
            AddAll([own], stable ? ["abi3", "none"] : ["none"]);
            if (stable)
                AddAll(Enumerable.Range(2, Minor - 2).Reverse().Select(minor => $"cp{Major}{minor}"), ["abi3"]);
        }
        else
        {
            AddAll([own], [.. Abis, .. Abis.Contains("none") ? [] : (string[])["none"]]);
        }

        string[] versions = [$"py{Major}{Minor}", $"py{Major}", .. Enumerable.Range(0, Minor).Reverse().Select(minor => $"py{Major}{minor}")];
        AddAll(versions, ["none"]);
        if (Implementation is "cp" or "pp")
            tags.Add(new WheelTag(Implementation == "cp" ? own : $"pp{Major}", "none", "any"));
        foreach (var version in versions)
            tags.Add(new WheelTag(version, "none", "any"));
        return tags;

        void AddAll(IEnumerable<string> interpreters, IReadOnlyList<string> abis)
        {
            foreach (var interpreter in interpreters)
            {
                foreach (var abi in abis)
                    tags.AddRange(Platforms.Select(platform => new WheelTag(interpreter, abi, platform)));
            }
        }
    }
}

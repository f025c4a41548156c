namespace Mayfly.Packages.Python;

/// <summary>What a wheel was built for: <c>cp311-abi3-manylinux_2_28_x86_64</c>; PEP 425.</summary>
/// <param name="Python">The interpreter, <c>py3</c> or <c>cp311</c>.</param>
/// <param name="Abi">Its binary interface, or <c>none</c>.</param>
/// <param name="Platform">The system, or <c>any</c>.</param>
public readonly record struct WheelTag(string Python, string Abi, string Platform)
{
    /// <summary>What most wheels of most projects say.</summary>
    private const string Pure = "py3-none-any";

    private static readonly IReadOnlyList<WheelTag> OfPure = [new("py3", "none", "any")];

    public override string ToString() => $"{Python}-{Abi}-{Platform}";

    /// <summary>The tags that a compressed one stands for, <c>py2.py3-none-any</c>; null when it has not three parts.</summary>
    internal static IReadOnlyList<WheelTag>? Expand(string compressed)
    {
        if (compressed == Pure)
            return OfPure;
        if (compressed.ToLowerInvariant().Split('-') is not [var pythons, var abis, var platforms])
            return null;
        return [.. (from python in pythons.Split('.') from abi in abis.Split('.') from platform in platforms.Split('.') select new WheelTag(python, abi, platform)).Distinct()];
    }
}

namespace Mayfly;

/// <summary>Numbers of things as people write them: <c>1 test</c>, <c>2 tests</c>.</summary>
internal static class Counted
{
    public static string Of(int count, string thing) => count == 1 ? $"1 {thing}" : $"{count} {thing}s";
}

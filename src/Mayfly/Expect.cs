using System.Runtime.CompilerServices;

namespace Mayfly;

/// <summary>Assertions for the tests of a stack. Any exception fails a test; these say well what was expected.</summary>
public static class Expect
{
    /// <summary>Fails unless the condition holds; the message shows its source text.</summary>
    public static void True(bool condition, string? because = null, [CallerArgumentExpression(nameof(condition))] string expression = "")
    {
        if (!condition)
            throw new ExpectationException($"expected {expression}{(because is null ? "" : $" ({because})")}");
    }

    /// <summary>Fails unless the two are equal.</summary>
    public static void Equal<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string expression = "")
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new ExpectationException($"expected {expression} to be {expected}, but it is {actual}");
    }

    /// <summary>Fails unless the text holds the part.</summary>
    public static void Contains(string part, string text, [CallerArgumentExpression(nameof(text))] string expression = "")
    {
        if (!text.Contains(part, StringComparison.Ordinal))
            throw new ExpectationException($"expected {expression} to contain \"{part}\", but it begins \"{text[..Math.Min(text.Length, 200)].ReplaceLineEndings(" ")}\"");
    }
}

/// <summary>An expectation of a test that did not hold.</summary>
public sealed class ExpectationException(string message) : Exception(message);

using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Mayfly.Cli.Env;

/// <summary>What a verb answers where <c>--json</c> is said.</summary>
internal static class ToldToPrograms
{
    /// <summary>Writes it as JSON; false when people read the answer, and nothing was written.</summary>
    public static bool TryTell<T>(this ParseResult result, Option<bool> json, T answer, JsonTypeInfo<T> type)
    {
        if (!result.GetValue(json))
            return false;
        result.InvocationConfiguration.Output.WriteLine(JsonSerializer.Serialize(answer, type));
        return true;
    }
}

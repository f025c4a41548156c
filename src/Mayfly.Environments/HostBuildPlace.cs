using System.Text;

namespace Mayfly.Environments;

/// <summary>Builds on this host, as the user who asks, with what is installed on it.</summary>
internal sealed class HostBuildPlace(Interpreter interpreter) : IBuildPlace
{
    public Interpreter Interpreter => interpreter;

    public string Where => "on this host";

    public string Inputs
    {
        get
        {
            var text = new StringBuilder($"{interpreter.Executable}\n");
            foreach (var variable in (ReadOnlySpan<string>)["CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS"])
                text.Append($"{variable}={Environment.GetEnvironmentVariable(variable)}\n");
            return text.ToString();
        }
    }

    public string PathOf(string work, string path) => path;

    public string Installing(params ReadOnlySpan<string> packages) => $"apt-get install {string.Join(' ', packages)}";

    public Task<(int Code, string Said)> RunAsync(string work, string environment, IReadOnlyList<string> arguments, string folder, IReadOnlyList<(string Name, string Value)> variables, CancellationToken cancellationToken)
    {
        var flags = Environment.GetEnvironmentVariable("CFLAGS") is { Length: > 0 } own ? $"{own} " : "";
        return HeardProcess.RunAsync(environment, $"{environment}/bin/python", arguments, folder, [.. variables.Select(variable => variable.Name == "CFLAGS" ? ("CFLAGS", flags + variable.Value) : variable)], cancellationToken);
    }
}

using System.Globalization;

namespace Mayfly.Packages.Debian;

/// <summary>An archive as it was at a time, from a service that keeps all states of it.</summary>
/// <param name="Time">In universal time, whole seconds.</param>
/// <param name="Service">The service's address with <c>{archive}</c> and <c>{date}</c> in it.</param>
public sealed record Snapshot(DateTimeOffset Time, string Service)
{
    private static readonly string[] Forms = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyyMMdd'T'HHmmss'Z'"];

    /// <summary>For people: the day, with the time when it is not midnight.</summary>
    public string Name => Time.ToString(Time.TimeOfDay == TimeSpan.Zero ? Forms[0] : Forms[1], CultureInfo.InvariantCulture);

    /// <summary>The name of the time in the service's addresses: <c>20260901T000000Z</c>.</summary>
    public string Stamp => Time.ToString(Forms[2], CultureInfo.InvariantCulture);

    /// <summary>The root of an archive at that time.</summary>
    /// <param name="archive"><c>debian-security</c>.</param>
    public Uri Root(string archive) => new(Service.Replace("{archive}", archive, StringComparison.Ordinal).Replace("{date}", Stamp, StringComparison.Ordinal).TrimEnd('/') + "/");

    /// <summary>A time as users write it: a day, or a day and time in universal time.</summary>
    /// <exception cref="MayflyException">It is none, or not in the past.</exception>
    public static DateTimeOffset Parse(string text, DateTimeOffset now)
    {
        if (!DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            throw new MayflyException($"the snapshot {text} is no date", "write the day, such as 2026-09-01, or a time in universal time, such as 2026-09-01T06:00:00Z");
        return time <= now ? time : throw new MayflyException($"the snapshot {text} is in the future", $"this machine's clock says {now:u}: name a day before that, or set the clock right");
    }

    /// <summary>The service's address, as the configuration has it.</summary>
    /// <exception cref="MayflyException">There is none, or it cannot be one.</exception>
    public static string CheckService(string? service, string asked, string table)
    {
        if (service is null)
        {
            throw new MayflyException($"the snapshot {asked} is asked for, but no service that keeps snapshots is known", $$"""
                write below [{{table}}] in {{DebianConfiguration.UserFile}}, with the address of one:
                  snapshots = "http://…/archive/{archive}/{date}"  # such as {{table}} and 20260901T000000Z
                """);
        }

        return service.Contains("{archive}", StringComparison.Ordinal) && service.Contains("{date}", StringComparison.Ordinal)
            && Uri.TryCreate(service.Replace("{archive}", "a", StringComparison.Ordinal).Replace("{date}", "d", StringComparison.Ordinal), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" or "file"
            ? service
            : throw new MayflyException($"the service of snapshots {service} is no address with {{archive}} and {{date}} in it", "write it such as http://…/archive/{archive}/{date}");
    }
}
